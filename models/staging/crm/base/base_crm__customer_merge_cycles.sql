{#- A table: four models read it, and each would walk anew. -#}
{{ config(materialized='table') }}

-- Two walkers start at every merge, one at a step a time, the other at two. Where the chain ends the fast one falls
-- off; on a cycle they meet, and they meet where they started if and only if the start lies on the cycle itself.
with recursive

latest as (
    {{ latest_of_key(ref('base_crm__customer_merges'), with_record=true) }}
),

steps as (
    select
        duplicate_customer_id as from_id,
        customer_id as to_id
    from latest
),

walks as (
    select
        steps.from_id as start_id,
        steps.to_id as slow_id,
        next_steps.to_id as fast_id
    from steps
    left join steps as next_steps on steps.to_id = next_steps.from_id
    union all
    select
        walks.start_id,
        slow_steps.to_id as slow_id,
        second_fast_steps.to_id as fast_id
    from walks
    inner join steps as slow_steps on walks.slow_id = slow_steps.from_id
    inner join steps as first_fast_steps on walks.fast_id = first_fast_steps.from_id
    inner join steps as second_fast_steps on first_fast_steps.to_id = second_fast_steps.from_id
    where walks.slow_id <> walks.fast_id
)

select
    latest.duplicate_customer_id,
    latest.customer_id,
    latest.record_key,
    latest.record_hash,
    latest.raw_record,
    'merge_cycle' as rejection_reason
from latest
inner join walks on latest.duplicate_customer_id = walks.start_id
where walks.slow_id = walks.fast_id and walks.slow_id = walks.start_id
