{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_keys',
    unique_key=['table_name', 'raw_batch'],
    meta={'never_null': 'reason'},
    post_hook="{{ remember_batches() }}"
) }}

with

{% if is_kept_already() or not execute -%}
changed_batches as (
    {{ changed_batches() }}
),

{% endif -%}
rejected as (
    {% for table in raw_table_names() -%}
    {%- set names = raw_customer_columns(table) -%}
    select
        '{{ table }}' as table_name,
        raw_batch,
        record_key,
        rejection_reason as reason,
        record_hash,
        raw_record,
        {{ names[0] if names else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as customer_id,
        {{ names[1] if names | length > 1 else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as other_customer_id
    from ({{ judged_rows_of_changed_batches(table, 'changed_batches') }}) as judged
    where rejection_reason is not null
    {{ 'union all' if not loop.last }}
    {% endfor -%}
    {% if is_kept_already() -%}
    union all
    -- whatever a changed batch held goes, also where none of its rows is rejected any more
    select
        table_name,
        raw_batch,
        {% for name in ['record_key', 'reason', 'record_hash', 'raw_record', 'customer_id', 'other_customer_id'] -%}
        cast(null as {{ dbt.type_string() }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor -%}
    from changed_batches
    {%- endif %}
)

select * from rejected
