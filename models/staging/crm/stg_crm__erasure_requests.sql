with

latest as (
    {{ latest_of_key(ref('base_crm__erasure_requests')) }}
)

select
    customer_id,
    requested_at,
    loaded_at
from latest
