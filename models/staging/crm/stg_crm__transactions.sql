{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_keys',
    unique_key='transaction_id',
    meta={'never_null': 'raw_batch'},
    post_hook="{{ remember_batches('transactions') }}"
) }}

with

latest as (
    {{ kept_latest_of_key('transactions') }}
)

select
    transaction_id,
    customer_id,
    transacted_at,
    amount,
    channel,
    branch_id,
    campaign_id,
    refunded_transaction_id,
    status,
    loaded_at,
    raw_batch
from latest
