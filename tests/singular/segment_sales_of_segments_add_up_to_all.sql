-- Segments and anonymous customers make up everyone. A customer is in one segment and a purchase has one customer, so for one
-- dimension value even the distinct counts add up.
{%- set measures = [
    'customer_count', 'purchase_count', 'sales_amount', 'vip_customer_count', 'new_customer_count', 'returning_customer_count',
    'vip_purchase_count', 'vip_sales_amount', 'new_customer_sales_amount', 'returning_customer_sales_amount', 'crm_sales_amount',
    'ecommerce_sales_amount'
] %}

with

figures as (
    select
        scheme,
        period_grain,
        period_start_date,
        dimension,
        {% for measure in measures -%}
        sum(case when segment = 'all' then {{ measure }} end) as {{ measure }},
        sum(case when segment <> 'all' then {{ measure }} end) as {{ measure }}_of_segments,
        {% endfor -%}
        dimension_value
    from {{ ref('fct_segment_sales') }}
    group by scheme, period_grain, period_start_date, dimension, dimension_value
)

select * from figures
where
    false
    {%- for measure in measures %}
    or {{ measure }} is distinct from {{ measure }}_of_segments
    {%- endfor %}
