-- Every accepted merge is resolved, and where it ends no other merge begins.
with

accepted_merges as (
    select * from {{ ref('stg_crm__customer_merges') }}
),

resolved_ids as (
    select * from {{ ref('base_crm__canonical_customers') }}
)

select
    resolved_ids.canonical_customer_id,
    coalesce(accepted_merges.duplicate_customer_id, resolved_ids.customer_id) as customer_id
from accepted_merges
full outer join resolved_ids on accepted_merges.duplicate_customer_id = resolved_ids.customer_id
left join accepted_merges as next_steps on resolved_ids.canonical_customer_id = next_steps.duplicate_customer_id
where
    -- who is erased has a key of their own, merged or not
    (accepted_merges.duplicate_customer_id is null and not coalesce(resolved_ids.is_erased, false))
    or resolved_ids.canonical_customer_id is null
    or next_steps.duplicate_customer_id is not null
