{{ config(materialized='view') }}

with

overrides as (
    select * from {{ ref('segment_overrides') }}
),

merged_ids as (
    select * from {{ ref('base_crm__canonical_customers') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

-- those in force on D; nobody addresses an erased customer, and what was written about one goes too
active_overrides as (
    select
        overrides.scheme,
        overrides.segment,
        overrides.reason,
        overrides.valid_until_date,
        overrides.customer_id as source_customer_id,
        coalesce(merged_ids.canonical_customer_id, overrides.customer_id) as customer_id
    from overrides
    cross join as_of
    left join merged_ids on overrides.customer_id = merged_ids.customer_id
    where
        as_of.as_of_date is not null
        and coalesce(overrides.valid_until_date >= as_of.as_of_date, true)
        and not coalesce(merged_ids.is_erased, false)
),

-- customers who were merged may bring one each: the one that holds longest counts
ranked_overrides as (
    select
        *,
        row_number() over (
            partition by scheme, customer_id
            order by valid_until_date desc nulls first, segment desc nulls last, source_customer_id asc
        ) as preference
    from active_overrides
)

select
    scheme,
    customer_id,
    segment,
    reason,
    valid_until_date
from ranked_overrides
where preference = 1
