-- Macro raw_table_names repeats the names of the raw contract: a table that is missing there would be left uncounted.
with

contract_tables as (
    {% for table in raw_tables() -%}
    select '{{ table }}' as table_name
    {{ 'union all' if not loop.last }}
    {% else -%}
    -- while dbt parses, the contract is not there yet
    select 'none' as table_name
    {% endfor -%}
),

counted_tables as (
    select table_name
    from {{ ref('data_quality') }}
    where check_name = 'rows'
)

select
    contract_tables.table_name as table_name_of_contract,
    counted_tables.table_name as table_name_counted
from contract_tables
full outer join counted_tables on contract_tables.table_name = counted_tables.table_name
where contract_tables.table_name is null or counted_tables.table_name is null
