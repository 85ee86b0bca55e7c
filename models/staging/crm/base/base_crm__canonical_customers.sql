{#- A table: whatever reads a customer's key joins it. -#}
{{ config(materialized='table') }}

with recursive

customer_merges as (
    select * from {{ ref('stg_crm__customer_merges') }}
),

chains as (
    select
        duplicate_customer_id as customer_id,
        customer_id as reached_customer_id
    from customer_merges
    union all
    select
        chains.customer_id,
        customer_merges.customer_id as reached_customer_id
    from chains
    inner join customer_merges on chains.reached_customer_id = customer_merges.duplicate_customer_id
),

merged as (
    select
        chains.customer_id,
        chains.reached_customer_id as surviving_customer_id
    from chains
    left join customer_merges on chains.reached_customer_id = customer_merges.duplicate_customer_id
    where customer_merges.duplicate_customer_id is null
),

-- who asks to be forgotten takes along everyone they are merged with; the smallest of those who asked names the group,
-- so that the key stays when others join
erased_groups as (
    select
        coalesce(merged.surviving_customer_id, requests.customer_id) as surviving_customer_id,
        min(requests.customer_id) as smallest_customer_id
    from {{ ref('stg_crm__erasure_requests') }} as requests
    left join merged on requests.customer_id = merged.customer_id
    group by coalesce(merged.surviving_customer_id, requests.customer_id)
),

erased as (
    select
        erased_groups.surviving_customer_id,
        'erased-' || substr({{ dbt.hash('erased_groups.smallest_customer_id || salts.salt') }}, 1, 16) as erased_key
    from erased_groups
    cross join {{ source('kept', 'erasure_salt') }} as salts
)

select
    merged.customer_id,
    coalesce(erased.erased_key, merged.surviving_customer_id) as canonical_customer_id,
    erased.erased_key is not null as is_erased
from merged
left join erased on merged.surviving_customer_id = erased.surviving_customer_id
union all
select
    surviving_customer_id as customer_id,
    erased_key as canonical_customer_id,
    true as is_erased
from erased
