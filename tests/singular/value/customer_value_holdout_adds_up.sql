-- The groups by repeat days make up everyone, everyone is every customer of the day before the holdout, and what they bought is in fct_transactions.
with

groups as (
    select
        sum(customer_count) filter (where repeat_count_group <> 'all') as customers_of_groups,
        sum(customer_count) filter (where repeat_count_group = 'all') as customers,
        sum(actual_purchase_count) filter (where repeat_count_group <> 'all') as purchases_of_groups,
        sum(actual_purchase_count) filter (where repeat_count_group = 'all') as purchases,
        sum(actual_sales_amount) filter (where repeat_count_group <> 'all') as sales_of_groups,
        sum(actual_sales_amount) filter (where repeat_count_group = 'all') as sales,
        max(calibration_end_date) as calibration_end_date
    from {{ ref('fct_customer_value_holdout') }}
),

customers as (
    select
        purchases.customer_id,
        count(distinct purchases.transaction_date) filter (where purchases.transaction_date > groups.calibration_end_date) as purchase_count,
        sum(purchases.amount) filter (where purchases.transaction_date > groups.calibration_end_date) as sales_amount
    from {{ ref('fct_transactions') }} as purchases
    cross join groups
    where purchases.is_purchase and purchases.customer_id is not null
    group by purchases.customer_id, groups.calibration_end_date
    having min(purchases.transaction_date) <= groups.calibration_end_date
),

counted as (
    select
        count(*) as customers,
        sum(purchase_count) as purchases,
        coalesce(sum(sales_amount), 0) as sales
    from customers
)

select
    groups.*,
    counted.customers as customers_counted,
    counted.purchases as purchases_counted,
    counted.sales as sales_counted
from groups
cross join counted
where
    groups.calibration_end_date is not null
    and (
        groups.customers is distinct from groups.customers_of_groups
        or groups.purchases is distinct from groups.purchases_of_groups
        or groups.sales is distinct from groups.sales_of_groups
        or groups.customers is distinct from counted.customers
        or groups.purchases is distinct from counted.purchases
        or groups.sales is distinct from counted.sales
    )
