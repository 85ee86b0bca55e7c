{{ config(materialized='view') }}

select
    transaction_id,
    campaign_id as attributed_campaign_id,
    contact_id as attributed_contact_id
from {{ ref('int_campaign_touches') }}
where is_last_touch
