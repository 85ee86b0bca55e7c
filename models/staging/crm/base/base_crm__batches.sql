{% for table in raw_table_names() -%}
{% if table in kept_raw_tables() -%}
select * from {{ ref('base_crm__batches_of_' ~ table) }}
{%- else -%}
{{ count_raw_batches(source('crm', table)) }}
{%- endif %}
{{ 'union all' if not loop.last }}
{% endfor -%}
