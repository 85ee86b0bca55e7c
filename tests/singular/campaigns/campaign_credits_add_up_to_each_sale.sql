-- Each CRM sale of fct_transactions, and no other, is shared out whole by each of the three models, and its last touch is
-- the campaign it is attributed to.
with

sales as (
    select
        transaction_id,
        amount,
        attributed_campaign_id
    from {{ ref('fct_transactions') }}
    where is_crm_sale
),

shared as (
    select
        transaction_id,
        count(*) as row_count,
        max(touch_count) as touch_count,
        max(case when is_last_touch then campaign_id end) as last_campaign_id,
        sum(first_touch_credit) as first_touch_credit,
        sum(last_touch_credit) as last_touch_credit,
        sum(linear_credit) as linear_credit,
        sum(first_touch_sales_amount) as first_touch_sales_amount,
        sum(last_touch_sales_amount) as last_touch_sales_amount,
        sum(linear_sales_amount) as linear_sales_amount
    from {{ ref('fct_campaign_attribution') }}
    group by transaction_id
)

select
    sales.amount,
    shared.first_touch_credit,
    shared.last_touch_credit,
    shared.linear_credit,
    shared.first_touch_sales_amount,
    shared.last_touch_sales_amount,
    shared.linear_sales_amount,
    coalesce(sales.transaction_id, shared.transaction_id) as transaction_id
from sales
full outer join shared on sales.transaction_id = shared.transaction_id
where
    sales.transaction_id is distinct from shared.transaction_id
    or sales.attributed_campaign_id is distinct from shared.last_campaign_id
    or shared.row_count is distinct from shared.touch_count
    {%- for model in ['first_touch', 'last_touch', 'linear'] %}
    or shared.{{ model }}_credit is distinct from 1
    or shared.{{ model }}_sales_amount is distinct from sales.amount
    {%- endfor %}
