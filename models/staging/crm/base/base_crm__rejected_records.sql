with

erased_customers as (
    select customer_id
    from {{ ref('base_crm__canonical_customers') }}
    where is_erased
),

rejected as (
    select
        table_name,
        record_key,
        reason,
        record_hash,
        raw_record,
        customer_id,
        other_customer_id
    from {{ ref('base_crm__rejected_rows') }}
    union all
    -- cycles are found only after superseding, so they come from a model of their own
    select
        'customer_merges' as table_name,
        record_key,
        rejection_reason as reason,
        record_hash,
        raw_record,
        customer_id,
        duplicate_customer_id as other_customer_id
    from {{ ref('base_crm__customer_merge_cycles') }}
)

select
    rejected.table_name,
    rejected.record_key,
    rejected.reason,
    rejected.record_hash,
    rejected.raw_record,
    erased.customer_id is not null or others_erased.customer_id is not null as is_of_erased_customer
from rejected
left join erased_customers as erased on rejected.customer_id = erased.customer_id
left join erased_customers as others_erased on rejected.other_customer_id = others_erased.customer_id
