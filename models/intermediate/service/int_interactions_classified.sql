with

as_of as (
    select * from {{ ref('int_as_of') }}
),

canonical as (
    select * from {{ ref('base_crm__canonical_customers') }}
),

interactions as (
    select
        interactions.interaction_id,
        coalesce(canonical.canonical_customer_id, interactions.customer_id) as customer_id,
        interactions.occurred_at,
        {{ reporting_date('interactions.occurred_at') }} as occurred_date,
        interactions.interaction_type,
        interactions.channel,
        interactions.sentiment,
        -- what is answered after D waits on D
        case when {{ reporting_date('interactions.resolved_at') }} <= as_of.as_of_date then interactions.resolved_at end as resolved_at
    from {{ ref('stg_crm__interactions') }} as interactions
    cross join as_of
    left join canonical on interactions.customer_id = canonical.customer_id
    where {{ reporting_date('interactions.occurred_at') }} <= as_of.as_of_date
),

timed as (
    select
        *,
        coalesce(resolved_at < occurred_at, false) as is_resolved_before_occurred,
        -- nothing is resolved on a day on which it was not there yet
        case when resolved_at is not null then greatest(occurred_date, {{ reporting_date('resolved_at') }}) end as resolved_date,
        case when resolved_at >= occurred_at then {{ microseconds_between('occurred_at', 'resolved_at') }} end as microseconds_to_resolve
    from interactions
)

select
    timed.interaction_id,
    timed.customer_id,
    timed.occurred_at,
    timed.occurred_date,
    timed.interaction_type,
    timed.channel,
    timed.sentiment,
    coalesce(known_types.journey_stage, 'consideration') as journey_stage,
    coalesce(known_types.is_case, timed.resolved_at is not null) as is_case,
    coalesce(known_types.is_complaint, false) as is_complaint,
    timed.resolved_at,
    timed.resolved_date,
    timed.is_resolved_before_occurred,
    timed.microseconds_to_resolve,
    {{ divide('timed.microseconds_to_resolve', '3600000000', 4) }} as hours_to_resolve
from timed
left join {{ ref('interaction_types') }} as known_types on timed.interaction_type = known_types.interaction_type
