-- What happened in the last churn_days up to D, in those before them, and in the last year. Control contacts reached nobody,
-- so that what a source notes of their opens and clicks is no response.
with

as_of as (
    select
        as_of_date,
        {{ date_plus('as_of_date', -var('churn_days'), 'day') }} as recent_after_date,
        {{ date_plus('as_of_date', -2 * var('churn_days'), 'day') }} as earlier_after_date,
        {{ date_plus('as_of_date', -365, 'day') }} as year_after_date
    from {{ ref('int_as_of') }}
),

events as (
    select
        contacts.customer_id,
        contacts.contacted_date as event_date,
        'contact' as kind
    from {{ ref('int_campaign_contacts') }} as contacts
    where not contacts.is_control
    union all
    select
        contacts.customer_id,
        {{ reporting_date('contacts.opened_at') }} as event_date,
        'open' as kind
    from {{ ref('int_campaign_contacts') }} as contacts
    where contacts.opened_at is not null and not contacts.is_control
    union all
    select
        contacts.customer_id,
        {{ reporting_date('contacts.clicked_at') }} as event_date,
        'click' as kind
    from {{ ref('int_campaign_contacts') }} as contacts
    where contacts.clicked_at is not null and not contacts.is_control
    union all
    select
        interactions.customer_id,
        interactions.occurred_date as event_date,
        case when interactions.is_complaint then 'complaint' else 'interaction' end as kind
    from {{ ref('int_interactions_classified') }} as interactions
    where interactions.customer_id is not null
)

select
    events.customer_id,
    count(*) filter (where events.kind = 'contact' and events.event_date > as_of.year_after_date) as contact_count_last_year,
    count(*) filter (where events.kind = 'open' and events.event_date > as_of.year_after_date) as open_count_last_year,
    count(*) filter (where events.kind = 'click' and events.event_date > as_of.year_after_date) as click_count_last_year,
    count(*) filter (
        where events.kind in ('interaction', 'complaint') and events.event_date > as_of.year_after_date
    ) as interaction_count_last_year,
    count(*) filter (where events.kind = 'complaint' and events.event_date > as_of.recent_after_date) as complaint_count_recent,
    count(*) filter (where events.kind in ('open', 'click', 'interaction') and events.event_date > as_of.recent_after_date) as response_count_recent,
    count(*) filter (
        where
        events.kind in ('open', 'click', 'interaction')
        and events.event_date > as_of.earlier_after_date
        and events.event_date <= as_of.recent_after_date
    ) as response_count_earlier
from events
cross join as_of
group by events.customer_id
