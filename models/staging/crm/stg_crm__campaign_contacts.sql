{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_keys',
    unique_key='contact_id',
    meta={'never_null': 'raw_batch'},
    post_hook="{{ remember_batches('campaign_contacts') }}"
) }}

with

latest as (
    {{ kept_latest_of_key('campaign_contacts') }}
)

select
    contact_id,
    campaign_id,
    customer_id,
    contacted_at,
    is_control,
    opened_at,
    clicked_at,
    unsubscribed_at,
    loaded_at,
    raw_batch
from latest
