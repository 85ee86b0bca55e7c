{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_keys',
    unique_key='interaction_id',
    meta={'never_null': 'raw_batch'},
    post_hook="{{ remember_batches('interactions') }}"
) }}

with

latest as (
    {{ kept_latest_of_key('interactions') }}
)

select
    interaction_id,
    customer_id,
    occurred_at,
    interaction_type,
    channel,
    resolved_at,
    sentiment,
    loaded_at,
    raw_batch
from latest
