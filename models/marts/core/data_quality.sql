with

{% for table in raw_table_names() -%}
{%- set contract = raw_contract(table) -%}
{%- set optional_columns = contract.get('columns', []) | rejectattr('type', 'equalto', 'text') | rejectattr('required') | map(attribute='name') | list -%}
{{ table }}_counted as (
    select
        count(*) as raw_row_count,
        count(*) filter (where rejection_reason is not null) as rejected_count
        {%- for column in optional_columns %},
        count(*) filter (where {{ column }}_is_invalid) as {{ column }}_invalid_count
        {%- endfor %}
    from {{ ref('base_crm__' ~ table) }}
),

-- counted by itself, not as what the others leave, so that the sum can fail
{{ table }}_superseded as (
    select coalesce(sum(row_count - 1), 0) as superseded_count
    from (
        select count(*) as row_count
        from {{ ref('base_crm__' ~ table) }}
        where rejection_reason is null
        group by {{ contract.get('key', ['1']) | join(', ') }}
        having count(*) > 1
    ) as doubled_keys
),

{{ table }}_accepted as (
    select
        count(*) as accepted_count
        {%- for column in contract.get('columns', []) if column.references %},
        count(accepted.{{ column.name }}) - count({{ column.name }}_parents.{{ raw_contract(column.references).key[0] }}) as {{ column.name }}_unknown_count
        {%- endfor %}
    from {{ ref('stg_crm__' ~ table) }} as accepted
    {%- for column in contract.get('columns', []) if column.references %}
    left join {{ ref('stg_crm__' ~ column.references) }} as {{ column.name }}_parents
        on accepted.{{ column.name }} = {{ column.name }}_parents.{{ raw_contract(column.references).key[0] }}
    {%- endfor %}
),

{% endfor -%}
merge_cycles as (
    select count(*) as rejected_count from {{ ref('base_crm__customer_merge_cycles') }}
),

counted as (
    {% for table in raw_table_names() -%}
    {%- set contract = raw_contract(table) -%}
    select '{{ table }}' as table_name, 'rows' as check_name, raw_row_count as record_count from {{ table }}_counted
    union all
    select '{{ table }}', 'accepted', accepted_count from {{ table }}_accepted
    union all
    select '{{ table }}', 'superseded', superseded_count from {{ table }}_superseded
    union all
    select '{{ table }}', 'rejected', rejected_count
        {%- if table == 'customer_merges' %} + (select rejected_count from merge_cycles){% endif %} from {{ table }}_counted
    {%- for column in contract.get('columns', []) %}
    {%- if column.type != 'text' and not column.required %}
    union all
    select '{{ table }}', '{{ column.name }}_invalid', {{ column.name }}_invalid_count from {{ table }}_counted
    {%- endif %}
    {%- if column.references %}
    union all
    select '{{ table }}', '{{ column.name }}_unknown', {{ column.name }}_unknown_count from {{ table }}_accepted
    {%- endif %}
    {%- endfor %}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    table_name,
    check_name,
    cast(record_count as bigint) as record_count
from counted
