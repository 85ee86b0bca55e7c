select
    table_name,
    cast(coalesce(sum(record_count) filter (where check_name = 'rows'), 0) as bigint) as row_count,
    cast(coalesce(sum(record_count) filter (where check_name = 'accepted'), 0) as bigint) as accepted_count,
    cast(coalesce(sum(record_count) filter (where check_name = 'superseded'), 0) as bigint) as superseded_count,
    cast(coalesce(sum(record_count) filter (where check_name = 'rejected'), 0) as bigint) as rejected_count,
    cast(coalesce(sum(record_count) filter (where check_name = 'rejected_erased'), 0) as bigint) as rejected_erased_count
from {{ ref('data_quality') }}
group by table_name
