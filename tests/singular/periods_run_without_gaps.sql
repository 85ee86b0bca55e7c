-- Every grain runs from the period of the first purchase or refund to that of D, weeks from Monday; a chart would join what
-- a gap keeps apart.
with

starts as (
    select
        period_grain,
        period_start_date
    from {{ ref('fct_period_kpis') }}
    union all
    select
        'day in dim_dates' as period_grain,
        date_day as period_start_date
    from {{ ref('dim_dates') }}
),

steps as (
    select
        period_grain,
        period_start_date,
        lag(period_start_date) over (partition by period_grain order by period_start_date) as previous_start_date
    from starts
),

expected_ends as (
    {% for grain in period_grains() -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'first_transaction_date') }} as first_start_date,
        {{ period_start(grain, 'as_of_date') }} as last_start_date
    from {{ ref('int_as_of') }}
    where first_transaction_date is not null
    union all
    {% endfor -%}
    select
        'day in dim_dates' as period_grain,
        {{ period_start('year', 'least(first_transaction_date, as_of_date)') }} as first_start_date,
        {{ date_plus(date_plus(period_start('year', 'as_of_date'), 1, 'year'), -1, 'day') }} as last_start_date
    from {{ ref('int_as_of') }}
    where as_of_date is not null
),

actual_ends as (
    select
        period_grain,
        min(period_start_date) as first_start_date,
        max(period_start_date) as last_start_date
    from starts
    group by period_grain
)

select
    period_grain,
    previous_start_date as expected_date,
    period_start_date as actual_date
from steps
where
    previous_start_date is not null
    and period_start_date is distinct from case period_grain
        {%- for grain in period_grains() if grain not in ['day', 'week'] %}
        when '{{ grain }}' then {{ date_plus('previous_start_date', 1, grain) }}
        {%- endfor %}
        when 'week' then {{ date_plus('previous_start_date', 7, 'day') }}
        else {{ date_plus('previous_start_date', 1, 'day') }}
    end
union all
-- 5 January 1970 was a Monday
select
    period_grain,
    cast(null as date) as expected_date,
    period_start_date as actual_date
from starts
where period_grain = 'week' and {{ days_between("cast('1970-01-05' as date)", 'period_start_date') }} % 7 <> 0
union all
select
    coalesce(expected_ends.period_grain, actual_ends.period_grain) as period_grain,
    expected_ends.first_start_date as expected_date,
    actual_ends.first_start_date as actual_date
from expected_ends
full outer join actual_ends on expected_ends.period_grain = actual_ends.period_grain
where
    expected_ends.first_start_date is distinct from actual_ends.first_start_date
    or expected_ends.last_start_date is distinct from actual_ends.last_start_date
