-- Each segment has the customers whose score says so and what they bought, so that a scheme adds up to all scored customers.
with

expected as (
    select
        'customer_360' as scheme,
        customer_360_segment as segment,
        count(*) as customer_count,
        sum(sales_amount_in_window) as sales_amount
    from {{ ref('fct_customer_rfm') }}
    group by customer_360_segment
    union all
    select
        'crm_dashboard' as scheme,
        crm_dashboard_segment as segment,
        count(*) as customer_count,
        sum(sales_amount_in_window) as sales_amount
    from {{ ref('fct_customer_rfm') }}
    group by crm_dashboard_segment
),

scored as (
    select
        count(*) as customer_count,
        coalesce(sum(sales_amount_in_window), 0) as sales_amount
    from {{ ref('fct_customer_rfm') }}
),

schemes as (
    select
        scheme,
        sum(customer_count) as customer_count,
        sum(sales_amount) as sales_amount
    from {{ ref('fct_segment_split') }}
    group by scheme
)

select
    coalesce(split.scheme, expected.scheme) as scheme,
    coalesce(split.segment, expected.segment) as segment,
    split.customer_count,
    expected.customer_count as expected_customer_count,
    split.sales_amount,
    expected.sales_amount as expected_sales_amount
from {{ ref('fct_segment_split') }} as split
full outer join expected on split.scheme = expected.scheme and split.segment = expected.segment
where
    split.customer_count is distinct from coalesce(expected.customer_count, 0)
    or split.sales_amount is distinct from coalesce(expected.sales_amount, 0)
union all
select
    schemes.scheme,
    'all' as segment,
    schemes.customer_count,
    scored.customer_count as expected_customer_count,
    schemes.sales_amount,
    scored.sales_amount as expected_sales_amount
from schemes
cross join scored
where schemes.customer_count is distinct from scored.customer_count or schemes.sales_amount is distinct from scored.sales_amount
