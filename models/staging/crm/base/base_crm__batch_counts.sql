{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_keys',
    unique_key=['table_name', 'raw_batch'],
    meta={'never_null': 'check_name'},
    post_hook=["{{ tell_of_changed_batches() }}", "{{ remember_batches() }}"]
) }}

with

{% if is_kept_already() or not execute -%}
changed_batches as (
    {{ changed_batches() }}
),

{% endif -%}
{% for table in raw_table_names() -%}
{{ table }}_counted as (
    select
        raw_batch,
        {% for name in optional_typed_columns(table) -%}
        count(*) filter (where {{ name }}_is_invalid) as {{ name }}_invalid,
        {% endfor -%}
        count(*) filter (where rejection_reason is null) as valid_count,
        count(*) as row_count
    from ({{ judged_rows_of_changed_batches(table, 'changed_batches') }}) as judged
    group by raw_batch
),

{% endfor -%}
counted as (
    -- one row a check: a union of all checks would, on some engines, judge anew for each
    {% for table in raw_table_names() -%}
    {%- set columns = {'rows': 'row_count', 'valid': 'valid_count'} -%}
    {%- for name in optional_typed_columns(table) -%}
        {%- do columns.update({name ~ '_invalid': name ~ '_invalid'}) -%}
    {%- endfor -%}
    select
        '{{ table }}' as table_name,
        {{ table }}_counted.raw_batch,
        checks.check_name,
        case checks.check_name
            {%- for check, column in columns.items() %}
            when '{{ check }}' then {{ table }}_counted.{{ column }}
            {%- endfor %}
        end as record_count
    from {{ table }}_counted
    cross join (
        values
        {% for check in columns -%}
        ('{{ check }}'){{ ',' if not loop.last }}
        {% endfor -%}
    ) as checks (check_name)
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {% if is_kept_already() -%}
    union all
    select
        table_name,
        raw_batch,
        cast(null as {{ dbt.type_string() }}) as check_name,
        cast(null as bigint) as record_count
    from changed_batches
    where not is_there
    {%- endif %}
)

select
    table_name,
    raw_batch,
    check_name,
    cast(record_count as bigint) as record_count
from counted
