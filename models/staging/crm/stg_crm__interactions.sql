with

latest as (
    {{ latest_of_key(ref('base_crm__interactions')) }}
)

select
    interaction_id,
    customer_id,
    occurred_at,
    interaction_type,
    channel,
    resolved_at,
    sentiment,
    loaded_at
from latest
