-- Segments, with `unscored` and `not contacted`, make up `all` of each campaign: a customer has one first contact and so one
-- segment, and a sale one buyer.
{% set figures = [
    'contacted_count', 'control_count', 'contacted_before_start_count', 'opened_count', 'clicked_count', 'unsubscribed_count',
    'contacted_buyer_count', 'control_buyer_count', 'contacted_purchase_count', 'control_purchase_count', 'contacted_sales_amount',
    'control_sales_amount', 'attributed_purchase_count', 'attributed_sales_amount', 'first_touch_sales_amount', 'linear_sales_amount'
] -%}
with

figures as (
    select
        campaign_id,
        scheme,
        {% for figure in figures -%}
        sum(case when segment = 'all' then {{ figure }} end) as {{ figure }},
        sum(case when segment <> 'all' then {{ figure }} else 0 end) as {{ figure }}_of_segments,
        {% endfor -%}
        count(case when segment = 'all' then 1 end) as row_count_of_all
    from {{ ref('fct_campaign_performance') }}
    group by campaign_id, scheme
)

select * from figures
where
    row_count_of_all <> 1
    {%- for figure in figures %}
    or {{ figure }} is distinct from {{ figure }}_of_segments
    {%- endfor %}
