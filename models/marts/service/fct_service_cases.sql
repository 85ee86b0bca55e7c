with

periods as (
    select * from {{ ref('int_periods_spined') }}
),

interactions as (
    select * from {{ ref('int_interactions_classified') }}
),

day_totals as (
    select
        occurred_date as event_date,
        count(*) filter (where is_case) as opened_count,
        0 as resolved_count,
        count(*) filter (where is_complaint) as complaint_count
    from interactions
    group by occurred_date
    union all
    select
        resolved_date as event_date,
        0 as opened_count,
        count(*) as resolved_count,
        0 as complaint_count
    from interactions
    where is_case and resolved_date is not null
    group by resolved_date
),

-- periods without a case are there too, so that what is open goes on through them
period_events as (
    {% for grain in period_grains() -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'event_date') }} as period_start_date,
        opened_count,
        resolved_count,
        complaint_count
    from day_totals
    union all
    {% endfor -%}
    select
        period_grain,
        period_start_date,
        0 as opened_count,
        0 as resolved_count,
        0 as complaint_count
    from periods
),

period_totals as (
    select
        period_grain,
        period_start_date,
        sum(opened_count) as opened_count,
        sum(resolved_count) as resolved_count,
        sum(complaint_count) as complaint_count
    from period_events
    group by period_grain, period_start_date
),

-- cases from before the first period are still open in it
running_totals as (
    select
        *,
        sum(opened_count - resolved_count) over (partition by period_grain order by period_start_date) as open_count
    from period_totals
),

times_to_resolve as (
    {% for grain in period_grains() -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'resolved_date') }} as period_start_date,
        count(*) as timed_count,
        sum(microseconds_to_resolve) as microseconds_to_resolve,
        {{ median_value('microseconds_to_resolve', 3600000000) }} as median_hours_to_resolve
    from interactions
    where is_case and microseconds_to_resolve is not null
    group by {{ period_start(grain, 'resolved_date') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    periods.period_grain,
    periods.period_start_date,
    periods.is_complete,
    cast(running_totals.opened_count as bigint) as opened_count,
    cast(running_totals.resolved_count as bigint) as resolved_count,
    cast(running_totals.open_count as bigint) as open_count,
    cast(running_totals.complaint_count as bigint) as complaint_count,
    {{ divide('times_to_resolve.microseconds_to_resolve', 'times_to_resolve.timed_count * 3600000000', 4) }} as average_hours_to_resolve,
    times_to_resolve.median_hours_to_resolve
from periods
inner join running_totals
    on
        periods.period_grain = running_totals.period_grain
        and periods.period_start_date = running_totals.period_start_date
left join times_to_resolve
    on
        periods.period_grain = times_to_resolve.period_grain
        and periods.period_start_date = times_to_resolve.period_start_date
