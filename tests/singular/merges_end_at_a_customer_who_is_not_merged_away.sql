-- Every accepted merge is resolved, and where it ends no other merge begins.
with

merges as (
    select * from {{ ref('stg_crm__customer_merges') }}
),

resolved as (
    select * from {{ ref('int_customer_ids_merged') }}
)

select
    coalesce(merges.duplicate_customer_id, resolved.customer_id) as customer_id,
    resolved.canonical_customer_id
from merges
full outer join resolved on merges.duplicate_customer_id = resolved.customer_id
left join merges as next_merges on resolved.canonical_customer_id = next_merges.duplicate_customer_id
where
    merges.duplicate_customer_id is null
    or resolved.canonical_customer_id is null
    or next_merges.duplicate_customer_id is not null
