-- The KPI counts changes and sums them up; here everyone's segment is looked up at the end of every period.
with

periods as (
    select
        spine.period_grain,
        spine.period_start_date,
        least(spine.period_end_date, as_of.as_of_date) as last_date
    from {{ ref('int_periods_spined') }} as spine
    cross join {{ ref('int_as_of') }} as as_of
    where spine.period_grain in ('month', 'quarter', 'year')
),

recounted as (
    select
        periods.period_grain,
        periods.period_start_date,
        count(segments.segment) as customer_count
    from periods
    left join {{ ref('fct_customer_rfm_history') }} as history
        on
            periods.last_date >= history.valid_from_date
            and (periods.last_date < history.valid_to_date or history.valid_to_date is null)
    left join {{ ref('dim_segments') }} as segments
        on
            segments.scheme = 'crm_dashboard'
            and history.crm_dashboard_segment = segments.segment
            and segments.is_at_risk
    group by periods.period_grain, periods.period_start_date
)

select
    recounted.*,
    board.value
from recounted
left join {{ ref('fct_kpi_board') }} as board
    on
        recounted.period_grain = board.period_grain
        and recounted.period_start_date = board.period_start_date
        and board.kpi = 'customers_at_risk_count'
where board.value is distinct from recounted.customer_count
