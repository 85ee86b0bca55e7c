{{ config(materialized='view') }}

with

purchases as (
    select *
    from {{ ref('int_transactions_classified') }}
    where is_purchase
),

canonical as (
    select * from {{ ref('base_crm__canonical_customers') }}
),

windows as (
    select * from {{ ref('attribution_windows') }}
),

other_windows as (
    select * from windows
    where channel = 'other'
),

campaigns as (
    select
        campaigns.campaign_id,
        windows.window_hours
    from {{ ref('stg_crm__campaigns') }} as campaigns
    inner join windows on campaigns.channel = windows.channel
),

contacts as (
    select
        contacts.contact_id,
        contacts.campaign_id,
        coalesce(canonical.canonical_customer_id, contacts.customer_id) as customer_id,
        contacts.contacted_at,
        {{ dbt.dateadd('hour', '(coalesce(campaigns.window_hours, other_windows.window_hours))', 'contacts.contacted_at') }} as window_ends_at
    from {{ ref('stg_crm__campaign_contacts') }} as contacts
    left join canonical on contacts.customer_id = canonical.customer_id
    left join campaigns on contacts.campaign_id = campaigns.campaign_id
    cross join other_windows
    where not coalesce(contacts.is_control, false)
),

matches as (
    select
        purchases.transaction_id,
        contacts.contact_id,
        contacts.campaign_id,
        row_number() over (
            partition by purchases.transaction_id
            order by contacts.contacted_at desc, contacts.contact_id desc
        ) as latest_first
    from purchases
    inner join contacts
        on
            purchases.customer_id = contacts.customer_id
            and purchases.transacted_at >= contacts.contacted_at
            and purchases.transacted_at <= contacts.window_ends_at
    where purchases.campaign_id is null
)

select
    transaction_id,
    campaign_id as attributed_campaign_id,
    cast(null as {{ dbt.type_string() }}) as attributed_contact_id
from purchases
where campaign_id is not null
union all
select
    transaction_id,
    campaign_id as attributed_campaign_id,
    contact_id as attributed_contact_id
from matches
where latest_first = 1
