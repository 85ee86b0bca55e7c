-- Every KPI that is defined stands once in every month, quarter and year; lifetime value only in those that hold D.
with

expected as (
    select
        definitions.kpi,
        spine.period_grain,
        spine.period_start_date,
        as_of.as_of_date between spine.period_start_date and spine.period_end_date as holds_as_of_date
    from {{ ref('kpi_definitions') }} as definitions
    cross join {{ ref('int_periods_spined') }} as spine
    cross join {{ ref('int_as_of') }} as as_of
    where spine.period_grain in ('month', 'quarter', 'year')
)

select
    expected.*,
    board.value
from expected
full outer join {{ ref('fct_kpi_board') }} as board
    on
        expected.kpi = board.kpi
        and expected.period_grain = board.period_grain
        and expected.period_start_date = board.period_start_date
where
    expected.kpi is null
    or board.kpi is null
    or (expected.kpi in ('customer_lifetime_value', 'ltv_to_cac_ratio') and not expected.holds_as_of_date and board.value is not null)
