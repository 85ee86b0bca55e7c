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
)

select
    chains.customer_id,
    chains.reached_customer_id as canonical_customer_id
from chains
left join customer_merges on chains.reached_customer_id = customer_merges.duplicate_customer_id
where customer_merges.duplicate_customer_id is null
