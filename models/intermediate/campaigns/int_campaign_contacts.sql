{% do goes_by(['int_engagement_checksums']) -%}
{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_touched',
    meta={'customer': ['customer_id']},
    pre_hook="{{ find_touched() }}",
    post_hook="{{ remember_changes() }}"
) }}

select
    contact_id,
    campaign_id,
    customer_id,
    contacted_at,
    contacted_date,
    is_control,
    opened_at,
    clicked_at,
    unsubscribed_at,
    window_ends_at,
    is_before_start
from {{ ref('int_campaign_contacts_classified') }}
where {{ is_touched('customer_id') }}
