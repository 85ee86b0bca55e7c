with

latest as (
    {{ latest_of_key(ref('base_crm__leads')) }}
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
    loaded_at
from latest
