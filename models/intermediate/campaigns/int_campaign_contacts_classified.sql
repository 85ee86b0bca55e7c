{#- A view: it is read for its checksums, and for the customers who have changed. -#}
{{ config(materialized='view') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

canonical as (
    select * from {{ ref('base_crm__canonical_customers') }}
),

other_windows as (
    select window_hours
    from {{ ref('attribution_windows') }}
    where channel = 'other'
),

campaigns as (
    select
        campaigns.campaign_id,
        campaigns.starts_on,
        windows.window_hours
    from {{ ref('stg_crm__campaigns') }} as campaigns
    left join {{ ref('attribution_windows') }} as windows on campaigns.channel = windows.channel
),

contacts as (
    select
        contact_id,
        campaign_id,
        customer_id,
        contacted_at,
        {{ reporting_date('contacted_at') }} as contacted_date,
        coalesce(is_control, false) as is_control,
        opened_at,
        clicked_at,
        unsubscribed_at
    from {{ ref('stg_crm__campaign_contacts') }}
)

select
    contacts.contact_id,
    contacts.campaign_id,
    coalesce(canonical.canonical_customer_id, contacts.customer_id) as customer_id,
    contacts.contacted_at,
    contacts.contacted_date,
    contacts.is_control,
    {% for event in ['opened_at', 'clicked_at', 'unsubscribed_at'] -%}
    case when {{ reporting_date('contacts.' ~ event) }} <= as_of.as_of_date then contacts.{{ event }} end as {{ event }},
    {% endfor -%}
    {{ dbt.dateadd('hour', '(coalesce(campaigns.window_hours, other_windows.window_hours))', 'contacts.contacted_at') }} as window_ends_at,
    coalesce(contacts.contacted_date < campaigns.starts_on, false) as is_before_start
from contacts
cross join as_of
cross join other_windows
left join canonical on contacts.customer_id = canonical.customer_id
left join campaigns on contacts.campaign_id = campaigns.campaign_id
where contacts.contacted_date <= as_of.as_of_date
