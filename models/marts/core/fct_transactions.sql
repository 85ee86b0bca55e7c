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
        transactions.transaction_id,
        row_number() over (
            partition by transactions.customer_id
            order by transactions.transacted_at, transactions.transaction_id
        ) as earliest_first
    from {{ ref('int_transactions_classified') }} as transactions
    inner join first_days
        on
            transactions.customer_id = first_days.customer_id
            and transactions.transaction_date = first_days.purchase_date
    where transactions.is_purchase and {{ is_touched('transactions.customer_id', 'transactions.transaction_date') }}
),

first_purchases as (
    select transaction_id
    from first_day_purchases
    where earliest_first = 1
)

select
    transactions.transaction_id,
    transactions.customer_id,
    transactions.transacted_at,
    transactions.transaction_date,
    transactions.channel,
    transactions.branch_id,
    transactions.campaign_id,
    transactions.refunded_transaction_id,
    transactions.amount,
    transactions.status,
    transactions.is_purchase,
    transactions.is_refund,
    transactions.is_vip_sale,
    transactions.is_ecommerce_sale,
    attributed.attributed_campaign_id,
    attributed.transaction_id is not null as is_crm_sale,
    first_purchases.transaction_id is not null as is_first_purchase
from {{ ref('int_transactions_classified') }} as transactions
left join attributed on transactions.transaction_id = attributed.transaction_id
left join first_purchases on transactions.transaction_id = first_purchases.transaction_id
where
    {{ is_up_to_as_of('transactions.transaction_date') }}
    and {{ is_touched('transactions.customer_id', 'transactions.transaction_date') }}
