select
    table_name,
    cast(sum(case when check_name = 'rows' then record_count else 0 end) as bigint) as row_count,
    cast(sum(case when check_name = 'accepted' then record_count else 0 end) as bigint) as accepted_count,
    cast(sum(case when check_name = 'superseded' then record_count else 0 end) as bigint) as superseded_count,
    cast(sum(case when check_name = 'rejected' then record_count else 0 end) as bigint) as rejected_count,
    cast(sum(case when check_name = 'rejected_erased' then record_count else 0 end) as bigint) as rejected_erased_count
from {{ ref('data_quality') }}
group by table_name
