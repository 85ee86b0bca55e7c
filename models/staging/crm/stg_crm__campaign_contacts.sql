with

latest as (
    {{ latest_of_key(ref('base_crm__campaign_contacts')) }}
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
    loaded_at
from latest
