-- Question: what share of sales do the top 10 % of customers make?
-- Reading:  identified customers who bought in the 365 days up to the as-of date, in ten groups of equal size by what
--           they spent; group 1 holds the best buyers. sales_share is of all identified sales, so anonymous sales are
--           left out. Of customers with equal amounts at the edge of two groups the smaller key goes first; the sums of
--           the groups do not depend on it.
-- Marts:    fct_transactions, fct_customer_rfm
with

customer_sales as (
    select
        sales.customer_id,
        count(*) as purchase_count,
        {{ sum_amount('sales.amount') }} as sales_amount
    from {{ ref('fct_transactions') }} as sales
    inner join {{ ref('fct_customer_rfm') }} as scores on sales.customer_id = scores.customer_id
    where
        sales.is_purchase
        and sales.transaction_date > {{ date_plus('scores.as_of_date', -365, 'day') }}
    group by sales.customer_id
),

grouped as (
    select
        *,
        ntile(10) over (order by sales_amount desc, customer_id asc) as tenth
    from customer_sales
),

counted as (
    select
        tenth,
        count(*) as customer_count,
        cast(sum(purchase_count) as bigint) as purchase_count,
        {{ sum_amount('sales_amount') }} as sales_amount,
        min(sales_amount) as smallest_sales_amount
    from grouped
    group by tenth
),

totalled as (
    select
        *,
        sum(sales_amount) over (order by tenth) as sales_amount_so_far,
        sum(sales_amount) over () as total_sales_amount
    from counted
)

select
    tenth,
    customer_count,
    purchase_count,
    sales_amount,
    {{ rate('sales_amount', 'total_sales_amount') }} as sales_share,
    {{ rate('sales_amount_so_far', 'total_sales_amount') }} as cumulative_sales_share,
    {{ average_amount('sales_amount', 'customer_count') }} as average_customer_amount,
    smallest_sales_amount
from totalled
order by tenth
