{{ config(schema='pii', alias='rejected_records') }}

-- what names an erased customer is gone; data_quality keeps the count
select
    table_name,
    record_key,
    reason,
    record_hash,
    raw_record
from {{ ref('base_crm__rejected_records') }}
where not is_of_erased_customer
