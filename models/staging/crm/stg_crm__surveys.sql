{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_keys',
    unique_key='survey_id',
    meta={'never_null': 'raw_batch'},
    post_hook="{{ remember_batches('surveys') }}"
) }}

with

latest as (
    {{ kept_latest_of_key('surveys') }}
)

select
    survey_id,
    customer_id,
    survey_type,
    score,
    responded_at,
    loaded_at,
    raw_batch
from latest
