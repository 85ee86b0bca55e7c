-- Question: which branches hold their regulars?
-- Reading:  a regular of a branch bought there on three days or more in the year that ended churn_days before the as-of
--           date. held: bought there again since; moved: bought since, but only elsewhere (another branch or channel);
--           gone: did not buy at all. A branch that loses to `moved` has a problem of its own, one that loses to `gone`
--           has one of the market or of service. One customer may be a regular of two branches. With few regulars
--           the rate says little.
-- Marts:    fct_transactions, fct_customer_rfm, dim_branches
with

dates as (
    select
        max(as_of_date) as as_of_date,
        {{ date_plus('max(as_of_date)', -var('churn_days'), 'day') }} as split_date,
        {{ date_plus(date_plus('max(as_of_date)', -var('churn_days'), 'day'), -365, 'day') }} as start_date
    from {{ ref('fct_customer_rfm') }}
),

purchases as (
    select
        sales.customer_id,
        sales.branch_id,
        sales.transaction_date,
        sales.amount,
        sales.transaction_date > dates.split_date as is_recent
    from {{ ref('fct_transactions') }} as sales
    cross join dates
    where
        sales.is_purchase
        and sales.customer_id is not null
        and sales.transaction_date > dates.start_date
),

regulars as (
    select
        customer_id,
        branch_id,
        {{ sum_amount('amount', 'not is_recent') }} as earlier_sales_amount,
        count(*) filter (where is_recent) as recent_count
    from purchases
    where branch_id is not null
    group by customer_id, branch_id
    having count(distinct case when not is_recent then transaction_date end) >= 3
),

recent_buyers as (
    select distinct customer_id
    from purchases
    where is_recent
),

counted as (
    select
        regulars.branch_id,
        count(*) as regular_count,
        count(*) filter (where regulars.recent_count > 0) as held_count,
        count(*) filter (where regulars.recent_count = 0 and recent_buyers.customer_id is not null) as moved_count,
        count(*) filter (where recent_buyers.customer_id is null) as gone_count,
        {{ sum_amount('regulars.earlier_sales_amount') }} as earlier_sales_amount
    from regulars
    left join recent_buyers on regulars.customer_id = recent_buyers.customer_id
    group by regulars.branch_id
)

select
    counted.branch_id,
    branches.branch_name,
    counted.regular_count,
    counted.held_count,
    counted.moved_count,
    counted.gone_count,
    {{ rate('counted.held_count', 'counted.regular_count') }} as held_rate,
    counted.earlier_sales_amount
from counted
left join {{ ref('dim_branches') }} as branches on counted.branch_id = branches.branch_id
order by held_rate desc, counted.regular_count desc, counted.branch_id asc
