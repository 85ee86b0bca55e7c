-- Question: how many days pass between a customer's first and second purchase?
-- Reading:  one row per span of days, and one for those who have not come back. Only customers whose first purchase is
--           at least a year ago count, so that everyone had the same chance. The reminder belongs where cumulative_share
--           stops climbing: who has not come back by then hardly ever does.
-- Marts:    fct_transactions, dim_customers
with

customers as (
    select
        customer_id,
        first_purchase_date
    from {{ ref('dim_customers') }}
    where tenure_days >= 365
),

purchases as (
    select
        customer_id,
        transaction_date,
        row_number() over (partition by customer_id order by transacted_at, transaction_id) as purchase_number
    from {{ ref('fct_transactions') }}
    where is_purchase and customer_id is not null
),

second_purchases as (
    select
        customers.customer_id,
        {{ days_between('customers.first_purchase_date', 'purchases.transaction_date') }} as days_until_second
    from customers
    left join purchases on customers.customer_id = purchases.customer_id and purchases.purchase_number = 2
),

-- to_days is included; those of more than a year may still grow
spans as (
    select
        listed.span_number,
        listed.days_span,
        listed.from_days,
        listed.to_days
    from (
        values
        (1, 'same day', 0, 0),
        (2, '1 to 7', 1, 7),
        (3, '8 to 14', 8, 14),
        (4, '15 to 30', 15, 30),
        (5, '31 to 61', 31, 61),
        (6, '62 to 91', 62, 91),
        (7, '92 to 182', 92, 182),
        (8, '183 to 365', 183, 365),
        (9, 'more than 365', 366, 999999),
        (10, 'not yet', null, null)
    ) as listed (span_number, days_span, from_days, to_days)
),

counted as (
    select
        spans.span_number,
        spans.days_span,
        count(second_purchases.customer_id) as customer_count,
        percentile_disc(0.5) within group (order by second_purchases.days_until_second) as median_days
    from spans
    left join second_purchases
        on
            second_purchases.days_until_second between spans.from_days and spans.to_days
            or (second_purchases.days_until_second is null and spans.from_days is null)
    group by spans.span_number, spans.days_span
),

totalled as (
    select
        *,
        sum(customer_count) over (order by span_number) as customer_count_so_far,
        sum(customer_count) over () as total_customer_count
    from counted
)

select
    days_span,
    customer_count,
    {{ rate('customer_count', 'total_customer_count') }} as customer_share,
    {{ rate('customer_count_so_far', 'total_customer_count') }} as cumulative_share,
    median_days
from totalled
order by span_number
