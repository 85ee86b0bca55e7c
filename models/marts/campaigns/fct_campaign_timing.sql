-- Counted per RFM code as of D first, then codes to segments of both schemes.
with

scores as (
    select
        customer_id,
        rfm_score
    from {{ ref('fct_customer_rfm') }}
),

-- what happened, when the clock on the wall showed what, to or by an identified customer
events as (
    select
        customer_id,
        {{ reporting_time('transacted_at') }} as happened_at,
        'purchase_count' as figure,
        amount
    from {{ ref('int_transactions_classified') }}
    where
        is_purchase
        and customer_id is not null
        and {{ is_up_to_as_of('transaction_date') }}
    {%- for figure, column in [('contacted_count', 'contacted_at'), ('opened_count', 'opened_at'), ('clicked_count', 'clicked_at')] %}
    union all
    select
        customer_id,
        {{ reporting_time(column) }} as happened_at,
        '{{ figure }}' as figure,
        0 as amount
    from {{ ref('int_campaign_contacts') }}
    where not is_control and {{ column }} is not null
    {%- endfor %}
),

counted as (
    select
        scores.rfm_score,
        {{ day_of_week('cast(events.happened_at as date)') }} as day_of_week,
        {{ hour_of_day('events.happened_at') }} as hour_of_day,
        events.figure,
        count(*) as event_count,
        sum(events.amount) as sales_amount
    from events
    left join scores on events.customer_id = scores.customer_id
    group by
        scores.rfm_score,
        {{ day_of_week('cast(events.happened_at as date)') }},
        {{ hour_of_day('events.happened_at') }},
        events.figure
),

schemes as (
    select distinct scheme from {{ ref('dim_segments') }}
),

hours_of_segments as (
    select
        lookup.scheme,
        lookup.segment,
        counted.day_of_week,
        counted.hour_of_day,
        counted.figure,
        counted.event_count,
        counted.sales_amount
    from counted
    inner join {{ ref('segment_lookup') }} as lookup on counted.rfm_score = lookup.rfm_score
    union all
    select
        schemes.scheme,
        'all' as segment,
        counted.day_of_week,
        counted.hour_of_day,
        counted.figure,
        counted.event_count,
        counted.sales_amount
    from counted
    cross join schemes
),

summed as (
    select
        scheme,
        segment,
        day_of_week,
        hour_of_day,
        sum(event_count) filter (where figure = 'purchase_count') as purchase_count,
        sum(event_count) filter (where figure = 'contacted_count') as contacted_count,
        sum(event_count) filter (where figure = 'opened_count') as opened_count,
        sum(event_count) filter (where figure = 'clicked_count') as clicked_count,
        sum(sales_amount) as sales_amount
    from hours_of_segments
    group by scheme, segment, day_of_week, hour_of_day
),

segments as (
    select
        scheme,
        segment
    from {{ ref('dim_segments') }}
    union all
    select
        scheme,
        'all' as segment
    from schemes
),

week_hours as (
    {{ week_hours() | indent(4) }}
),

filled as (
    select
        segments.scheme,
        segments.segment,
        week_hours.day_of_week,
        week_hours.hour_of_day,
        cast(coalesce(summed.purchase_count, 0) as bigint) as purchase_count,
        cast(coalesce(summed.contacted_count, 0) as bigint) as contacted_count,
        cast(coalesce(summed.opened_count, 0) as bigint) as opened_count,
        cast(coalesce(summed.clicked_count, 0) as bigint) as clicked_count,
        cast(coalesce(summed.opened_count, 0) + coalesce(summed.clicked_count, 0) as bigint) as response_count,
        cast(coalesce(summed.sales_amount, 0) as decimal(18, 2)) as sales_amount
    from segments
    cross join week_hours
    inner join {{ ref('int_as_of') }} as as_of on as_of.as_of_date is not null
    left join summed
        on
            segments.scheme = summed.scheme
            and segments.segment = summed.segment
            and week_hours.day_of_week = summed.day_of_week
            and week_hours.hour_of_day = summed.hour_of_day
),

totalled as (
    select
        *,
        sum(purchase_count) over (partition by scheme, segment) as total_purchase_count,
        sum(response_count) over (partition by scheme, segment) as total_response_count
    from filled
)

select
    scheme,
    segment,
    day_of_week,
    hour_of_day,
    purchase_count,
    sales_amount,
    contacted_count,
    opened_count,
    clicked_count,
    response_count,
    {{ rate('purchase_count', 'total_purchase_count') }} as purchase_share,
    {{ rate('response_count', 'total_response_count') }} as response_share
from totalled
