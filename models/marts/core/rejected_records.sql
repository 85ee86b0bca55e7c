select
    table_name,
    record_key,
    reason,
    record_hash
from {{ ref('rejected_record_contents') }}
