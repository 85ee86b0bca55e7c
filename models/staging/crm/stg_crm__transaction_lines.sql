{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_keys',
    unique_key=['transaction_id', 'line_number'],
    meta={'never_null': 'raw_batch'},
    post_hook="{{ remember_batches('transaction_lines') }}"
) }}

with

latest as (
    {{ kept_latest_of_key('transaction_lines') }}
)

select
    transaction_id,
    line_number,
    product_id,
    quantity,
    amount,
    loaded_at,
    raw_batch
from latest
