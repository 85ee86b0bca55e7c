-- No table of customers times periods. A customer who is active counts at the end of every period that the span of
-- activity covers, from the period it begins in to the one before that it ends in: only the first and the last of these are
-- changes, and running sums over the periods do the rest.
{% set grains = ['month', 'quarter', 'year'] -%}
with

periods as (
    select * from {{ ref('int_periods_spined') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

spans as (
    select
        spans.customer_id,
        spans.active_from_date,
        spans.first_purchase_date,
        -- what lasts beyond D has not ended
        case when spans.active_to_date <= as_of.as_of_date then spans.active_to_date end as ended_date
    from {{ ref('int_customer_activity_spans') }} as spans
    cross join as_of
),

-- the period at whose end the customer is active first, and the first one at whose end no more
{% for grain in grains -%}
{{ grain }}_spans as (
    select
        customer_id,
        active_from_date,
        {{ period_start(grain, 'active_from_date') }} as active_from_period,
        {{ period_start(grain, 'ended_date') }} as ended_in_period,
        first_purchase_date >= {{ period_start(grain, 'active_from_date') }} as is_new
    from spans
    -- one that covers no period's end counts at none
    where coalesce({{ period_start(grain, 'active_from_date') }} < {{ period_start(grain, 'ended_date') }}, true)
),

-- who stops and starts within one period has neither been lost in it nor won back
{{ grain }}_changes as (
    select
        active_from_period,
        ended_in_period,
        is_new,
        coalesce(lag(ended_in_period) over in_time <> active_from_period, true) as is_arrival,
        coalesce(lead(active_from_period) over in_time <> ended_in_period, true) as is_departure
    from {{ grain }}_spans
    window in_time as (partition by customer_id order by active_from_date)
),

{% endfor -%}
changes as (
    {% for grain in grains -%}
    select
        '{{ grain }}' as period_grain,
        active_from_period as period_start_date,
        count(*) filter (where is_new) as new_customer_count,
        count(*) filter (where not is_new) as reactivated_customer_count,
        0 as churned_customer_count
    from {{ grain }}_changes
    where is_arrival
    group by active_from_period
    union all
    select
        '{{ grain }}' as period_grain,
        ended_in_period as period_start_date,
        0 as new_customer_count,
        0 as reactivated_customer_count,
        count(*) as churned_customer_count
    from {{ grain }}_changes
    where is_departure and ended_in_period is not null
    group by ended_in_period
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

period_changes as (
    select
        period_grain,
        period_start_date,
        sum(new_customer_count) as new_customer_count,
        sum(reactivated_customer_count) as reactivated_customer_count,
        sum(churned_customer_count) as churned_customer_count
    from changes
    group by period_grain, period_start_date
),

filled as (
    select
        periods.period_grain,
        periods.period_start_date,
        periods.is_complete,
        cast(coalesce(period_changes.new_customer_count, 0) as bigint) as new_customer_count,
        cast(coalesce(period_changes.reactivated_customer_count, 0) as bigint) as reactivated_customer_count,
        cast(coalesce(period_changes.churned_customer_count, 0) as bigint) as churned_customer_count
    from periods
    left join period_changes
        on
            periods.period_grain = period_changes.period_grain
            and periods.period_start_date = period_changes.period_start_date
    where periods.period_grain in ('{{ grains | join("', '") }}')
),

totalled as (
    select
        *,
        cast(sum(new_customer_count + reactivated_customer_count - churned_customer_count) over (
            partition by period_grain order by period_start_date
        ) as bigint) as closing_customer_count
    from filled
),

opened as (
    select
        *,
        closing_customer_count - new_customer_count - reactivated_customer_count + churned_customer_count as opening_customer_count
    from totalled
)

select
    period_grain,
    period_start_date,
    is_complete,
    opening_customer_count,
    new_customer_count,
    reactivated_customer_count,
    churned_customer_count,
    closing_customer_count
from opened
