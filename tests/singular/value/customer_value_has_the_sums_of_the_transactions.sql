-- Historic value is what fct_transactions holds of each customer with a purchase, counted once more; nobody else has a row.
with

counted as (
    select
        customer_id,
        sum(amount) filter (where is_purchase) as sales_amount,
        sum(amount) filter (where is_purchase or is_refund) as net_sales_amount,
        count(distinct transaction_date) filter (where is_purchase) as purchase_day_count,
        max(transaction_date) filter (where is_purchase) as last_purchase_date
    from {{ ref('fct_transactions') }}
    where customer_id is not null
    group by customer_id
    having count(*) filter (where is_purchase) > 0
)

select
    counted.sales_amount,
    counted.net_sales_amount,
    counted.purchase_day_count,
    coalesce(customer_value.customer_id, counted.customer_id) as customer_id
from {{ ref('fct_customer_value') }} as customer_value
full outer join counted on customer_value.customer_id = counted.customer_id
where
    customer_value.historic_sales_amount is distinct from counted.sales_amount
    or customer_value.historic_net_sales_amount is distinct from counted.net_sales_amount
    or customer_value.purchase_day_count is distinct from counted.purchase_day_count
    or customer_value.as_of_date is distinct from {{ date_plus('counted.last_purchase_date', 'customer_value.recency_days', 'day') }}
