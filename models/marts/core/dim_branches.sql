select
    branch_id,
    branch_name,
    city,
    region,
    country,
    opened_on
from {{ ref('stg_crm__branches') }}
