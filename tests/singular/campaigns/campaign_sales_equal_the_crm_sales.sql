-- What campaigns sold by last touch is what fct_transactions calls CRM sales, campaign by campaign; first touch and linear
-- share out the same sales.
with

schemes as (
    select distinct scheme from {{ ref('dim_segments') }}
),

crm_sales as (
    select
        attributed_campaign_id as campaign_id,
        count(*) as purchase_count,
        sum(amount) as sales_amount
    from {{ ref('fct_transactions') }}
    where is_crm_sale
    group by attributed_campaign_id
),

expected as (
    select
        schemes.scheme,
        crm_sales.campaign_id,
        crm_sales.purchase_count,
        crm_sales.sales_amount
    from crm_sales
    cross join schemes
),

performance as (
    select * from {{ ref('fct_campaign_performance') }}
    where segment = 'all'
),

totals as (
    select
        scheme,
        sum(attributed_sales_amount) as attributed_sales_amount,
        sum(first_touch_sales_amount) as first_touch_sales_amount,
        sum(linear_sales_amount) as linear_sales_amount
    from performance
    group by scheme
)

select
    'last touch' as attribution_model,
    expected.sales_amount as expected_sales_amount,
    performance.attributed_sales_amount as sales_amount,
    coalesce(expected.scheme, performance.scheme) as scheme,
    coalesce(expected.campaign_id, performance.campaign_id) as campaign_id
from expected
full outer join performance on expected.scheme = performance.scheme and expected.campaign_id = performance.campaign_id
where
    coalesce(expected.sales_amount, 0) is distinct from performance.attributed_sales_amount
    or coalesce(expected.purchase_count, 0) is distinct from performance.attributed_purchase_count
{%- for model in ['first_touch', 'linear'] %}
union all
select
    '{{ model }}' as attribution_model,
    attributed_sales_amount as expected_sales_amount,
    {{ model }}_sales_amount as sales_amount,
    scheme,
    'all campaigns' as campaign_id
from totals
where {{ model }}_sales_amount is distinct from attributed_sales_amount
{%- endfor %}
