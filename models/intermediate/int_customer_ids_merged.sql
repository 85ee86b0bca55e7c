with recursive

merges as (
    select * from {{ ref('stg_crm__customer_merges') }}
),

chains as (
    select
        duplicate_customer_id as customer_id,
        customer_id as reached_customer_id
    from merges
    union all
    select
        chains.customer_id,
        merges.customer_id as reached_customer_id
    from chains
    inner join merges on chains.reached_customer_id = merges.duplicate_customer_id
)

select
    chains.customer_id,
    chains.reached_customer_id as canonical_customer_id
from chains
left join merges on chains.reached_customer_id = merges.duplicate_customer_id
where merges.duplicate_customer_id is null
