{% do goes_by(['int_sales_checksums', 'int_engagement_checksums']) -%}
{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_touched',
    on_schema_change='append_new_columns',
    meta={'customer': ['customer_id', 'transaction_date']},
    pre_hook="{{ find_touched() }}",
    post_hook="{{ remember_changes() }}"
) }}

-- transactions are read twice, because as a query of their own all of them would be written down
with

attributed as (
    select * from {{ ref('int_transactions_attributed') }}
),

-- only purchases of a customer's first day can be the first
first_days as (
    select
        customer_id,
        purchase_date
    from {{ ref('int_customer_days') }}
    where previous_purchase_date is null
),

first_day_purchases as (
    select
        classified.transaction_id,
        row_number() over (
            partition by classified.customer_id
            order by classified.transacted_at, classified.transaction_id
        ) as earliest_first
    from {{ ref('int_transactions_classified') }} as classified
    inner join first_days
        on
            classified.customer_id = first_days.customer_id
            and classified.transaction_date = first_days.purchase_date
    where classified.is_purchase and {{ is_touched('classified.customer_id', 'classified.transaction_date') }}
),

first_purchases as (
    select transaction_id
    from first_day_purchases
    where earliest_first = 1
)

select
    classified.transaction_id,
    classified.customer_id,
    classified.transacted_at,
    classified.transaction_date,
    classified.channel,
    classified.branch_id,
    classified.campaign_id,
    classified.refunded_transaction_id,
    classified.amount,
    classified.status,
    classified.is_purchase,
    classified.is_refund,
    classified.is_vip_sale,
    classified.is_ecommerce_sale,
    attributed.attributed_campaign_id,
    attributed.transaction_id is not null as is_crm_sale,
    first_purchases.transaction_id is not null as is_first_purchase
from {{ ref('int_transactions_classified') }} as classified
left join attributed on classified.transaction_id = attributed.transaction_id
left join first_purchases on classified.transaction_id = first_purchases.transaction_id
where
    {{ is_up_to_as_of('classified.transaction_date') }}
    and {{ is_touched('classified.customer_id', 'classified.transaction_date') }}
