{{ config(
    severity='warn',
    meta={'reason': 'Nothing is sent to the control group, so that one of its contacts that was opened, clicked or unsubscribed by was no control contact, or no contact.'}
) }}

-- Control contacts with a response: openings and clicks are left out of every figure, whoever unsubscribed is respected.
select
    contact_id,
    campaign_id,
    opened_at,
    clicked_at,
    unsubscribed_at
from {{ ref('int_campaign_contacts') }}
where is_control and coalesce(opened_at, clicked_at, unsubscribed_at) is not null
