{#- A table: three models read it, and each would judge the raw rows anew. -#}
{{ config(materialized='table') }}

with

erased_customers as (
    select customer_id
    from {{ ref('base_crm__canonical_customers') }}
    where is_erased
)

{% for relation in raw_table_names() + ['customer_merge_cycles'] -%}
{#- cycles are found only after superseding, so they come from a model of their own -#}
{%- set table = 'customer_merges' if relation == 'customer_merge_cycles' else relation -%}
{%- set customer_columns = raw_customer_columns(table) -%}
select
    '{{ table }}' as table_name,
    judged.record_key,
    judged.rejection_reason as reason,
    judged.record_hash,
    judged.raw_record,
    {% if customer_columns -%}
    {%- for name in customer_columns %}{{ name }}_erased.customer_id is not null{{ ' or ' if not loop.last }}{% endfor -%}
    {%- else -%}
    false
    {%- endif %} as is_of_erased_customer
from {{ ref('base_crm__' ~ relation) }} as judged
{% for name in customer_columns -%}
left join erased_customers as {{ name }}_erased on judged.{{ name }} = {{ name }}_erased.customer_id
{% endfor -%}
{{ 'where judged.rejection_reason is not null' if relation == table }}
{{ 'union all' if not loop.last }}
{% endfor -%}
