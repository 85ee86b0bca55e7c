-- Who may be addressed, by which channel, when and why. Consent comes first: whoever is not in reachable is in no list.
with

scores as (
    select * from {{ ref('fct_customer_rfm') }}
),

responses as (
    select * from {{ ref('int_customer_campaign_responses') }}
),

reachable as (
    select
        customers.customer_id,
        coalesce(customers.email_opt_in, false) as is_email_possible,
        coalesce(customers.sms_opt_in, false) as is_sms_possible,
        lower(customers.preferred_channel) as preferred_channel,
        coalesce(responses.email_response_count, 0) as email_response_count,
        coalesce(responses.sms_response_count, 0) as sms_response_count
    from {{ ref('dim_customers') }} as customers
    left join responses on customers.customer_id = responses.customer_id
    where
        (customers.email_opt_in or customers.sms_opt_in)
        and not customers.is_erased
        and responses.first_unsubscribed_at is null
),

hours_of_segments as (
    select
        scheme,
        segment,
        day_of_week,
        hour_of_day,
        purchase_count + response_count as event_count
    from {{ ref('fct_campaign_timing') }}
    where purchase_count + response_count > 0
),

best_hours_of_segments as (
    {{ best_week_hours('hours_of_segments', ['scheme', 'segment']) | indent(4) }}
),

-- few events say little about a customer's habits
best_hours_of_customers as (
    select *
    from {{ ref('int_customer_best_hours') }}
    where event_count >= 3
),

customers as (
    select
        scores.*,
        best_hours.best_day_of_week,
        best_hours.best_hour_of_day,
        case
            when not reachable.is_sms_possible then 'email'
            when not reachable.is_email_possible then 'sms'
            when reachable.email_response_count > reachable.sms_response_count then 'email'
            when reachable.sms_response_count > reachable.email_response_count then 'sms'
            when reachable.preferred_channel = 'sms' then 'sms'
            else 'email'
        end as best_channel
    from scores
    inner join reachable on scores.customer_id = reachable.customer_id
    left join best_hours_of_customers as best_hours on scores.customer_id = best_hours.customer_id
),

segments as (
    select
        segments.scheme,
        segments.segment,
        segments.recommended_action,
        coalesce(of_segment.best_day_of_week, of_all.best_day_of_week) as best_day_of_week,
        coalesce(of_segment.best_hour_of_day, of_all.best_hour_of_day) as best_hour_of_day,
        case
            when of_segment.best_day_of_week is not null then 'segment'
            when of_all.best_day_of_week is not null then 'all'
        end as timing_source
    from {{ ref('dim_segments') }} as segments
    left join best_hours_of_segments as of_segment on segments.scheme = of_segment.scheme and segments.segment = of_segment.segment
    left join best_hours_of_segments as of_all on segments.scheme = of_all.scheme and of_all.segment = 'all'
),

-- a segment given by hand goes before that of the score
overrides as (
    select
        overrides.customer_id,
        overrides.scheme,
        overrides.segment,
        overrides.reason,
        segments.recommended_action,
        segments.best_day_of_week,
        segments.best_hour_of_day,
        segments.timing_source
    from {{ ref('int_segment_overrides') }} as overrides
    left join segments on overrides.scheme = segments.scheme and overrides.segment = segments.segment
),

-- What a segment brings is joined as one: DuckDB takes what is joined with a handful of overrides for as few rows, and with
-- each small table would hold all customers in memory once more.
listed as (
    select
        customers.*,
        lookup.scheme,
        overrides.reason as override_reason,
        overrides.segment is not null as is_segment_override,
        coalesce(overrides.segment, lookup.segment) as segment,
        case when overrides.segment is not null then overrides.recommended_action else segments.recommended_action end as recommended_action,
        case when overrides.segment is not null then overrides.timing_source else segments.timing_source end as timing_source,
        case when overrides.segment is not null then overrides.best_day_of_week else segments.best_day_of_week end as best_day_of_week_of_segment,
        case when overrides.segment is not null then overrides.best_hour_of_day else segments.best_hour_of_day end as best_hour_of_day_of_segment
    from customers
    inner join {{ ref('segment_lookup') }} as lookup on customers.rfm_score = lookup.rfm_score
    left join segments on lookup.scheme = segments.scheme and lookup.segment = segments.segment
    left join overrides on customers.customer_id = overrides.customer_id and lookup.scheme = overrides.scheme
)

select
    as_of_date,
    scheme,
    segment,
    customer_id,
    is_segment_override,
    recommended_action,
    coalesce('Segment given by hand: ' || override_reason || '; ', '')
    || 'Last purchase on ' || cast({{ date_plus('as_of_date', '-recency_days', 'day') }} as {{ dbt.type_string() }}) || ', '
    || cast(recency_days as {{ dbt.type_string() }}) || case when recency_days = 1 then ' day' else ' days' end || ' ago; '
    || cast(purchase_count_in_window as {{ dbt.type_string() }})
    || case when purchase_count_in_window = 1 then ' purchase' else ' purchases' end || ' for '
    || cast(sales_amount_in_window as {{ dbt.type_string() }})
    || ' in the {{ var("rfm_window_days") }} days up to it' as reason,
    best_channel,
    coalesce(best_day_of_week, best_day_of_week_of_segment) as best_day_of_week,
    coalesce(best_hour_of_day, best_hour_of_day_of_segment) as best_hour_of_day,
    case when best_day_of_week is not null then 'customer' else timing_source end as timing_source
from listed
