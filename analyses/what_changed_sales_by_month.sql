-- Question: what changed sales: more customers, more purchases of each, or larger ones?
-- Reading:  one row per month, the last twelve complete ones, against the month before. The three parts sum to the change.
--           Customers ask for reach and reminders, frequency for reasons to come back, the amount for range and price.
--           Parts of opposite sign hide behind a small change: look at them all.
-- Marts:    fct_revenue_tree
with

months as (
    select *
    from {{ ref('fct_revenue_tree') }}
    where period_grain = 'month' and is_complete
),

sized as (
    select
        *,
        greatest(
            abs(customer_effect_amount), abs(frequency_effect_amount), abs(transaction_value_effect_amount)
        ) as largest_effect_amount
    from months
)

select
    period_start_date as month_start_date,
    customer_count,
    purchases_per_customer,
    average_transaction_amount,
    vip_sales_amount,
    vip_sales_amount_change,
    customer_effect_amount,
    frequency_effect_amount,
    transaction_value_effect_amount,
    case
        when abs(customer_effect_amount) = largest_effect_amount then 'customers'
        when abs(frequency_effect_amount) = largest_effect_amount then 'purchases of each'
        when abs(transaction_value_effect_amount) = largest_effect_amount then 'amount of each purchase'
    end as largest_effect
from sized
where period_start_date > (select {{ date_plus('max(last_months.period_start_date)', -12, 'month') }} from months as last_months)
order by period_start_date
