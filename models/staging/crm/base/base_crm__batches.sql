{#- A table: what a model notes that it has read (macro remember_batches) has to be what it read, also where a load comes in between. -#}
{{ config(materialized='table') }}

{% for table in raw_table_names() -%}
{% if table in kept_raw_tables() -%}
select * from {{ ref('base_crm__batches_of_' ~ table) }}
{%- else -%}
{{ count_raw_batches(source('crm', table)) }}
{%- endif %}
{{ 'union all' if not loop.last }}
{% endfor -%}
