with

latest as (
    {{ latest_of_key(ref('base_crm__products')) }}
)

select
    product_id,
    product_name,
    category,
    subcategory,
    loaded_at
from latest
