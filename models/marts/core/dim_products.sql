select
    product_id,
    product_name,
    category,
    subcategory
from {{ ref('stg_crm__products') }}
