-- The second purchase of every customer, looked up once more in the transactions, in the order of their time. The days are listed here,
-- so that none can be missing from the mart.
with

purchases as (
    select
        customer_id,
        transaction_date,
        row_number() over (
            partition by customer_id order by transaction_date, transacted_at, transaction_id
        ) as purchase_number
    from {{ ref('fct_transactions') }}
    where is_purchase and customer_id is not null
),

customers as (
    select
        first_purchases.customer_id,
        first_purchases.transaction_date as first_date,
        second_purchases.transaction_date as second_date
    from purchases as first_purchases
    left join purchases as second_purchases
        on first_purchases.customer_id = second_purchases.customer_id and second_purchases.purchase_number = 2
    where first_purchases.purchase_number = 1
),

windows as (
    select listed.window_days
    from (values (30), (60), (90)) as listed (window_days)
),

expected as (
    select
        {{ period_start('month', 'customers.first_date') }} as cohort_month,
        windows.window_days,
        count(*) as cohort_size,
        count(*) filter (
            where {{ date_plus('customers.first_date', 'windows.window_days', 'day') }} <= as_of.as_of_date
        ) as observed_customer_count,
        count(*) filter (
            where {{ date_plus('customers.first_date', 'windows.window_days', 'day') }} <= as_of.as_of_date
            and customers.second_date <= {{ date_plus('customers.first_date', 'windows.window_days', 'day') }}
        ) as second_purchase_count
    from customers
    cross join windows
    cross join {{ ref('int_as_of') }} as as_of
    group by {{ period_start('month', 'customers.first_date') }}, windows.window_days
)

select
    actual.cohort_size,
    expected.cohort_size as expected_cohort_size,
    actual.observed_customer_count,
    expected.observed_customer_count as expected_observed_customer_count,
    actual.second_purchase_count,
    expected.second_purchase_count as expected_second_purchase_count,
    coalesce(actual.cohort_month, expected.cohort_month) as cohort_month,
    coalesce(actual.days, expected.window_days) as window_days
from {{ ref('fct_second_purchase') }} as actual
full outer join expected on actual.cohort_month = expected.cohort_month and actual.days = expected.window_days
where
    actual.cohort_size is distinct from expected.cohort_size
    or actual.observed_customer_count is distinct from expected.observed_customer_count
    or actual.second_purchase_count is distinct from expected.second_purchase_count
