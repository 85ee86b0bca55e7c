-- What campaigns sold by last touch is what fct_transactions calls CRM sales, campaign by campaign; first touch and linear
-- share out the same sales.
with

expected as (
    select
        schemes.scheme,
        transactions.attributed_campaign_id as campaign_id,
        count(*) as purchase_count,
        sum(transactions.amount) as sales_amount
    from {{ ref('fct_transactions') }} as transactions
    cross join (select distinct scheme from {{ ref('dim_segments') }}) as schemes
    where transactions.is_crm_sale
    group by schemes.scheme, transactions.attributed_campaign_id
),

found as (
    select * from {{ ref('fct_campaign_performance') }}
    where segment = 'all'
),

totals as (
    select
        scheme,
        sum(attributed_sales_amount) as attributed_sales_amount,
        sum(first_touch_sales_amount) as first_touch_sales_amount,
        sum(linear_sales_amount) as linear_sales_amount
    from found
    group by scheme
)

select
    coalesce(expected.scheme, found.scheme) as scheme,
    coalesce(expected.campaign_id, found.campaign_id) as campaign_id,
    expected.sales_amount as expected_sales_amount,
    found.attributed_sales_amount as found_sales_amount
from expected
full outer join found on expected.scheme = found.scheme and expected.campaign_id = found.campaign_id
where
    coalesce(expected.sales_amount, 0) is distinct from found.attributed_sales_amount
    or coalesce(expected.purchase_count, 0) is distinct from found.attributed_purchase_count
union all
select
    scheme,
    'first touch or linear, all campaigns' as campaign_id,
    attributed_sales_amount as expected_sales_amount,
    case
        when first_touch_sales_amount is distinct from attributed_sales_amount then first_touch_sales_amount
        else linear_sales_amount
    end as found_sales_amount
from totals
where
    first_touch_sales_amount is distinct from attributed_sales_amount
    or linear_sales_amount is distinct from attributed_sales_amount
