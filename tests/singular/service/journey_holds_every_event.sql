-- Every interaction, lead, contact, open and click of a customer up to D is in the journey, once.
with

as_of as (
    select * from {{ ref('int_as_of') }}
),

contacts as (
    select
        {{ reporting_date('contacted_at') }} as contacted_date,
        {{ reporting_date('opened_at') }} as opened_date,
        {{ reporting_date('clicked_at') }} as clicked_date
    from {{ ref('stg_crm__campaign_contacts') }}
    where not coalesce(is_control, false)
),

sources as (
    select
        count(*) as awareness_count,
        0 as consideration_count,
        0 as decision_count
    from contacts
    cross join as_of
    where contacts.contacted_date <= as_of.as_of_date
    union all
    select
        0 as awareness_count,
        sum(case when contacts.opened_date <= as_of.as_of_date then 1 else 0 end)
        + sum(case when contacts.clicked_date <= as_of.as_of_date then 1 else 0 end) as consideration_count,
        0 as decision_count
    from contacts
    cross join as_of
    where contacts.contacted_date <= as_of.as_of_date
    union all
    select
        sum(case when journey_stage = 'awareness' then 1 else 0 end) as awareness_count,
        sum(case when journey_stage = 'consideration' then 1 else 0 end) as consideration_count,
        sum(case when journey_stage = 'decision' then 1 else 0 end) as decision_count
    from {{ ref('int_interactions_classified') }}
    where customer_id is not null
    union all
    select
        0 as awareness_count,
        0 as consideration_count,
        count(customer_id) as decision_count
    from {{ ref('int_leads_classified') }}
),

expected as (
    select
        coalesce(sum(awareness_count), 0) as awareness_count,
        coalesce(sum(consideration_count), 0) as consideration_count,
        coalesce(sum(decision_count), 0) as decision_count
    from sources
),

actual as (
    select
        coalesce(sum(awareness_count), 0) as awareness_count,
        coalesce(sum(consideration_count), 0) as consideration_count,
        coalesce(sum(decision_count), 0) as decision_count
    from {{ ref('fct_journey_stages') }}
)

select
    expected.awareness_count as expected_awareness_count,
    actual.awareness_count,
    expected.consideration_count as expected_consideration_count,
    actual.consideration_count,
    expected.decision_count as expected_decision_count,
    actual.decision_count
from expected
cross join actual
where
    expected.awareness_count <> actual.awareness_count
    or expected.consideration_count <> actual.consideration_count
    or expected.decision_count <> actual.decision_count
