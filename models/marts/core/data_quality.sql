{#- Accepted transactions are stored further down, where to look them up costs less than to group them again. -#}
{%- set parents = {'transactions': ref('int_transactions_classified')} -%}
with

{% for table in raw_table_names() -%}
{%- set contract = raw_contract(table) -%}
{{ table }}_by_key as (
    select
        {% for name in contract.get('key', []) -%}
        {{ name }},
        {% endfor -%}
        {% for name in optional_typed_columns(table) -%}
        count(*) filter (where {{ name }}_is_invalid) as {{ name }}_invalid,
        {% endfor -%}
        count(*) filter (where rejection_reason is null) as valid_count,
        count(*) as row_count
    from {{ ref('base_crm__' ~ table) }}
    group by {{ contract.get('key', ['1']) | join(', ') }}
),

{% endfor -%}
{% for table in raw_table_names() -%}
{%- set contract = raw_contract(table) -%}
-- what is superseded is counted by itself, not as what the others leave, so that the sum can fail
{{ table }}_counted as (
    select
        {% for name in optional_typed_columns(table) -%}
        sum({{ name }}_invalid) as {{ name }}_invalid,
        {% endfor -%}
        sum(valid_count - 1) filter (where valid_count > 1) as superseded_count,
        sum(row_count) as row_count
    from {{ table }}_by_key
),

{{ table }}_rejected as (
    select
        count(*) filter (where not is_of_erased_customer) as rejected_count,
        count(*) filter (where is_of_erased_customer) as rejected_erased_count
    from {{ ref('base_crm__rejected_records') }}
    where table_name = '{{ table }}'
),

{{ table }}_accepted as (
    select
        {% for column in contract.get('columns', []) if column.references -%}
        count(accepted.{{ column.name }}) - count({{ column.name }}_parents.{{ raw_contract(column.references).key[0] }}) as {{ column.name }}_unknown,
        {% endfor -%}
        count(accepted.{{ contract.get('key', ['*']) | first }}) as accepted_count
    from {{ ref('stg_crm__' ~ table) }} as accepted
    {% for column in contract.get('columns', []) if column.references -%}
    left join {{ parents.get(column.references) or column.references ~ '_by_key' }} as {{ column.name }}_parents
        on
            accepted.{{ column.name }} = {{ column.name }}_parents.{{ raw_contract(column.references).key[0] }}
            {{ '' if column.references in parents else 'and ' ~ column.name ~ '_parents.valid_count > 0' }}
    {% endfor -%}
),

{% endfor -%}
counted as (
    {% for table in raw_table_names() -%}
    {%- set tables = loop -%}
    {%- for query in ['counted', 'rejected', 'accepted'] -%}
    {%- set checks = raw_row_checks(table) | selectattr(2, 'equalto', query) | list -%}
    -- one row a check: a union of all checks would, on some engines, count anew for each
    select
        '{{ table }}' as table_name,
        checks.check_name,
        case checks.check_name
            {%- for record_count, check_name, _ in checks %}
            when '{{ check_name }}' then {{ record_count }}
            {%- endfor %}
        end as record_count
    from {{ table }}_{{ query }}
    cross join (
        {%- for _, check_name, _ in checks %}
        select '{{ check_name }}' as check_name
        {{- ' union all' if not loop.last }}
        {%- endfor %}
    ) as checks
    {{ 'union all' if not (loop.last and tables.last) }}
    {% endfor -%}
    {%- endfor -%}
)

select
    table_name,
    check_name,
    cast(coalesce(sum(record_count), 0) as bigint) as record_count
from counted
group by table_name, check_name
