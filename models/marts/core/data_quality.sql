{#- Tables that others refer to. dbt has to see a model's refs while it parses, when the contract is not there yet. -#}
{%- set parents = ['transactions', 'customers', 'products', 'branches', 'campaigns'] -%}
with

{% for table in parents -%}
{{ table }}_keys as (
    select {{ raw_contract(table).get('key', ['1 as no_key']) | first }}
    from {{ ref('stg_crm__' ~ table) }}
),

{% endfor -%}
{% for table in raw_table_names() -%}
{{ table }}_accepted as (
    select
        {% for column in raw_contract(table).get('columns', []) if column.references -%}
        count(accepted.{{ column.name }}) - count({{ column.name }}_keys.{{ raw_contract(column.references).key[0] }}) as {{ column.name }}_unknown,
        {% endfor -%}
        count(accepted.{{ raw_contract(table).get('key', ['*']) | first }}) as accepted_count
    from {{ ref('stg_crm__' ~ table) }} as accepted
    {% for column in raw_contract(table).get('columns', []) if column.references -%}
    left join {{ column.references }}_keys as {{ column.name }}_keys
        on accepted.{{ column.name }} = {{ column.name }}_keys.{{ raw_contract(column.references).key[0] }}
    {% endfor -%}
),

{% endfor -%}
-- every check of every table, also of one without rows
checks as (
    {% for table in raw_table_names() -%}
    {%- set tables = loop -%}
    {%- for name in raw_row_checks(table) -%}
    select
        '{{ table }}' as table_name,
        '{{ name }}' as check_name
    {{ 'union all' if not (loop.last and tables.last) }}
    {% endfor -%}
    {%- endfor -%}
),

rejected as (
    select
        table_name,
        count(*) filter (where not is_of_erased_customer) as rejected_count,
        count(*) filter (where is_of_erased_customer) as rejected_erased_count,
        count(*) filter (where reason = 'merge_cycle') as merge_cycle_count
    from {{ ref('base_crm__rejected_records') }}
    group by table_name
),

counted as (
    select
        table_name,
        check_name,
        sum(record_count) as record_count
    from {{ ref('base_crm__batch_counts') }}
    group by table_name, check_name
    union all
    select
        table_name,
        'rejected' as check_name,
        rejected_count as record_count
    from rejected
    union all
    select
        table_name,
        'rejected_erased' as check_name,
        rejected_erased_count as record_count
    from rejected
    {% for table in raw_table_names() -%}
    union all
    -- one row a check: a union of all checks would, on some engines, count anew for each
    select
        checks.table_name,
        checks.check_name,
        case checks.check_name
            {%- for name in accepted_row_checks(table) %}
            when '{{ name }}' then {{ table }}_accepted.{{ name }}{{ '_count' if name == 'accepted' }}
            {%- endfor %}
        end as record_count
    from {{ table }}_accepted
    inner join checks
        on
            checks.table_name = '{{ table }}'
            and checks.check_name in (
                {%- for name in accepted_row_checks(table) %}
                '{{ name }}'{{ ',' if not loop.last }}
                {%- endfor %}
            )
    {% endfor %}
),

-- an accepted row that is not the latest of its key, and not on a cycle of merges
superseded as (
    select
        counted.table_name,
        counted.record_count - accepted.record_count - coalesce(rejected.merge_cycle_count, 0) as record_count
    from counted
    inner join counted as accepted on counted.table_name = accepted.table_name and accepted.check_name = 'accepted'
    left join rejected on counted.table_name = rejected.table_name
    where counted.check_name = 'valid'
)

select
    checks.table_name,
    checks.check_name,
    cast(coalesce(counted.record_count, superseded.record_count, 0) as bigint) as record_count
from checks
left join counted on checks.table_name = counted.table_name and checks.check_name = counted.check_name
left join superseded on checks.table_name = superseded.table_name and checks.check_name = 'superseded'
