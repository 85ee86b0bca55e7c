with

latest as (
    {{ latest_of_key(ref('base_crm__customer_merges')) }}
),

cycles as (
    select * from {{ ref('base_crm__customer_merge_cycles') }}
)

select
    latest.duplicate_customer_id,
    latest.customer_id,
    latest.loaded_at
from latest
left join cycles on latest.duplicate_customer_id = cycles.duplicate_customer_id
where cycles.duplicate_customer_id is null
