-- Lifetime figures of a customer are the sums of the transactions, no row more or less.
with

sums as (
    select
        customer_id,
        min(case when is_purchase then transaction_date end) as first_purchase_date,
        max(case when is_purchase then transaction_date end) as last_purchase_date,
        sum(case when is_purchase then 1 else 0 end) as purchase_count,
        sum(case when is_purchase then amount else 0 end) as sales_amount,
        sum(case when is_refund then -amount else 0 end) as refund_amount
    from {{ ref('fct_transactions') }}
    where customer_id is not null
    group by customer_id
)

select
    customers.purchase_count_lifetime,
    sums.purchase_count,
    customers.sales_amount_lifetime,
    sums.sales_amount,
    customers.refund_amount_lifetime,
    sums.refund_amount,
    coalesce(customers.customer_id, sums.customer_id) as customer_id
from {{ ref('dim_customers') }} as customers
full outer join sums on customers.customer_id = sums.customer_id
where
    customers.purchase_count_lifetime is distinct from coalesce(sums.purchase_count, 0)
    or customers.sales_amount_lifetime is distinct from coalesce(sums.sales_amount, 0)
    or customers.refund_amount_lifetime is distinct from coalesce(sums.refund_amount, 0)
    or customers.first_purchase_date is distinct from sums.first_purchase_date
    or customers.last_purchase_date is distinct from sums.last_purchase_date
