{% do goes_by(['int_sales_checksums', 'int_engagement_checksums']) -%}
{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_touched',
    meta={'customer': ['customer_id']},
    pre_hook="{{ find_touched() }}",
    post_hook="{{ remember_changes() }}"
) }}

-- The one join of all contacts with all purchases: attribution and the figures of both arms read what comes of it.
with

purchases as (
    select
        transaction_id,
        customer_id,
        transacted_at,
        transaction_date,
        amount,
        campaign_id
    from {{ ref('int_transactions_classified') }}
    where
        is_purchase
        and customer_id is not null
        and {{ is_up_to_as_of('transaction_date') }}
        and {{ is_touched('customer_id') }}
),

contacts as (
    select
        contact_id,
        campaign_id,
        customer_id,
        contacted_at,
        window_ends_at,
        is_control
    from {{ ref('int_campaign_contacts') }}
    where {{ is_touched('customer_id') }}
)

select
    contacts.contact_id,
    purchases.transaction_id,
    contacts.customer_id,
    contacts.campaign_id,
    contacts.contacted_at,
    contacts.is_control,
    purchases.campaign_id as own_campaign_id,
    purchases.transaction_date,
    purchases.amount as sales_amount
from contacts
inner join purchases
    on
        contacts.customer_id = purchases.customer_id
        and contacts.contacted_at <= purchases.transacted_at
        and contacts.window_ends_at >= purchases.transacted_at
