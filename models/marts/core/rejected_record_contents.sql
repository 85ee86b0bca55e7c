{{ config(schema='pii', alias='rejected_records') }}

with

rejected_rows as (
    {% for table in raw_table_names() -%}
    select
        '{{ table }}' as table_name,
        record_key,
        rejection_reason as reason,
        record_hash,
        raw_record
    from {{ ref('base_crm__' ~ table) }}
    where rejection_reason is not null
    union all
    {% endfor -%}
    -- found only after superseding, so they come from a model of their own
    select
        'customer_merges' as table_name,
        record_key,
        rejection_reason as reason,
        record_hash,
        raw_record
    from {{ ref('base_crm__customer_merge_cycles') }}
)

select
    table_name,
    record_key,
    reason,
    record_hash,
    raw_record
from rejected_rows
