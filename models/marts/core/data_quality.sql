{#- Accepted transactions are stored further down, where to look them up costs less than in the view they come from. -#}
{%- set parents = {'transactions': ref('int_transactions_classified')} -%}
with

{% for table in raw_table_names() -%}
{%- set contract = raw_contract(table) -%}
{{ table }}_counted as (
    select
        {% for column in contract.get('columns', []) if column.type != 'text' and not column.required -%}
        count(*) filter (where {{ column.name }}_is_invalid) as {{ column.name }}_invalid,
        {% endfor -%}
        count(*) filter (where rejection_reason is not null) as rejected_count,
        count(*) as row_count
    from {{ ref('base_crm__' ~ table) }}
),

{{ table }}_doubled as (
    select count(*) - 1 as superseded_count
    from {{ ref('base_crm__' ~ table) }}
    where rejection_reason is null
    group by {{ contract.get('key', ['1']) | join(', ') }}
    having count(*) > 1
),

-- counted by itself, not as what the others leave, so that the sum can fail
{{ table }}_superseded as (
    select coalesce(sum(superseded_count), 0) as superseded_count
    from {{ table }}_doubled
),

{{ table }}_accepted as (
    select
        {% for column in contract.get('columns', []) if column.references -%}
        count(accepted.{{ column.name }}) - count({{ column.name }}_parents.{{ raw_contract(column.references).key[0] }}) as {{ column.name }}_unknown,
        {% endfor -%}
        count(accepted.{{ contract.get('key', ['*']) | first }}) as accepted_count
    from {{ ref('stg_crm__' ~ table) }} as accepted
    {% for column in contract.get('columns', []) if column.references -%}
    left join {{ parents.get(column.references) or ref('stg_crm__' ~ column.references) }} as {{ column.name }}_parents
        on accepted.{{ column.name }} = {{ column.name }}_parents.{{ raw_contract(column.references).key[0] }}
    {% endfor -%}
),

{% endfor -%}
customer_merges_on_cycles as (
    select count(*) as rejected_count from {{ ref('base_crm__customer_merge_cycles') }}
),

counted as (
    {% for table in raw_table_names() -%}
    {%- for record_count, check_name, query in raw_row_checks(table) -%}
    select
        '{{ table }}' as table_name,
        '{{ check_name }}' as check_name,
        {{ record_count }} as record_count
    from {{ table }}_{{ query }}
    union all
    {% endfor -%}
    {%- endfor -%}
    -- the one rejection that is found only after superseding: it adds to the table's count
    select
        'customer_merges' as table_name,
        'rejected' as check_name,
        rejected_count as record_count
    from customer_merges_on_cycles
)

select
    table_name,
    check_name,
    cast(sum(record_count) as bigint) as record_count
from counted
group by table_name, check_name
