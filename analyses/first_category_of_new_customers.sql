-- Question: which category do new customers buy first?
-- Reading:  customers whose first-ever purchase lies in the last twelve complete months, by the categories on that
--           purchase. One basket may hold several categories, so customer_share adds up to more than 1; sales_share adds
--           up to 1. Compare it with sales_share_of_all: a category well above it opens the door, one well below it is
--           bought by those who know the house. `unknown`: the product or its category is not known; `unallocated`: what the
--           lines leave open, such as delivery. Both come last.
-- Marts:    fct_transactions, fct_transaction_lines, fct_period_kpis
with

last_months as (
    select
        {{ date_plus('max(period_start_date)', -11, 'month') }} as from_date,
        {{ date_plus('max(period_start_date)', 1, 'month') }} as before_date
    from {{ ref('fct_period_kpis') }}
    where period_grain = 'month' and is_complete
),

purchases as (
    select
        sales.transaction_id,
        sales.amount,
        sales.is_first_purchase
    from {{ ref('fct_transactions') }} as sales
    cross join last_months
    where
        sales.is_purchase
        and sales.transaction_date >= last_months.from_date
        and sales.transaction_date < last_months.before_date
),

line_sums as (
    select
        purchases.transaction_id,
        coalesce(sold_lines.category, 'unknown') as category,
        sum(sold_lines.amount) as amount
    from purchases
    inner join {{ ref('fct_transaction_lines') }} as sold_lines on purchases.transaction_id = sold_lines.transaction_id
    group by purchases.transaction_id, coalesce(sold_lines.category, 'unknown')
),

categories_sold as (
    select
        transaction_id,
        category,
        amount
    from line_sums
    union all
    select
        purchases.transaction_id,
        'unallocated' as category,
        purchases.amount - coalesce(sum(line_sums.amount), 0) as amount
    from purchases
    left join line_sums on purchases.transaction_id = line_sums.transaction_id
    group by purchases.transaction_id, purchases.amount
    having purchases.amount <> coalesce(sum(line_sums.amount), 0)
),

counted as (
    select
        categories_sold.category,
        count(*) filter (where purchases.is_first_purchase) as new_customer_count,
        {{ sum_amount('categories_sold.amount', 'purchases.is_first_purchase') }} as sales_amount,
        {{ sum_amount('categories_sold.amount') }} as sales_amount_of_all
    from categories_sold
    inner join purchases on categories_sold.transaction_id = purchases.transaction_id
    group by categories_sold.category
),

new_customers as (
    select count(*) as total_customer_count
    from purchases
    where is_first_purchase
),

totalled as (
    select
        counted.*,
        new_customers.total_customer_count,
        sum(counted.sales_amount) over () as total_sales_amount,
        sum(counted.sales_amount_of_all) over () as total_sales_amount_of_all
    from counted
    cross join new_customers
)

select
    category,
    new_customer_count,
    {{ rate('new_customer_count', 'total_customer_count') }} as customer_share,
    sales_amount,
    {{ rate('sales_amount', 'total_sales_amount') }} as sales_share,
    {{ rate('sales_amount_of_all', 'total_sales_amount_of_all') }} as sales_share_of_all
from totalled
order by
    case when category in ('unknown', 'unallocated') then 1 else 0 end asc,
    new_customer_count desc,
    sales_amount desc,
    category asc
