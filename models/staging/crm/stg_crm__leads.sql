{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_keys',
    unique_key='lead_id',
    meta={'never_null': 'raw_batch'},
    post_hook="{{ remember_batches('leads') }}"
) }}

with

latest as (
    {{ kept_latest_of_key('leads') }}
)

select
    lead_id,
    customer_id,
    source,
    owner,
    created_at,
    qualified_at,
    won_at,
    lost_at,
    deal_amount,
    loaded_at,
    raw_batch
from latest
