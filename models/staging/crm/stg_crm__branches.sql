with

latest as (
    {{ latest_of_key(ref('base_crm__branches')) }}
)

select
    branch_id,
    branch_name,
    city,
    region,
    country,
    opened_on,
    loaded_at
from latest
