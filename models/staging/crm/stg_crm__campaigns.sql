with

latest as (
    {{ latest_of_key(ref('base_crm__campaigns')) }}
)

select
    campaign_id,
    campaign_name,
    channel,
    objective,
    target_segment,
    starts_on,
    ends_on,
    cost,
    loaded_at
from latest
