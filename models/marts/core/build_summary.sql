select
    table_name,
    {% for check_name in ['rows', 'accepted', 'superseded', 'rejected', 'rejected_erased'] -%}
    cast(coalesce(sum(case when check_name = '{{ check_name }}' then record_count end), 0) as bigint) as {{ 'row' if check_name == 'rows' else check_name }}_count{{ ',' if not loop.last }}
    {% endfor -%}
from {{ ref('data_quality') }}
group by table_name
