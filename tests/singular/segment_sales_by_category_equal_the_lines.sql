-- Sales by category are the lines of the purchases; `unallocated` is what the purchases hold beyond their lines.
with

purchases as (
    select * from {{ ref('fct_transactions') }}
    where is_purchase
),

purchase_lines as (
    select
        coalesce(transaction_lines.category, 'unknown') as category,
        {{ period_start('month', 'purchases.transaction_date') }} as month_start_date,
        transaction_lines.amount
    from {{ ref('fct_transaction_lines') }} as transaction_lines
    inner join purchases on transaction_lines.transaction_id = purchases.transaction_id
),

parts as (
    select
        category,
        month_start_date,
        amount
    from purchase_lines
    union all
    select
        'unallocated' as category,
        {{ period_start('month', 'transaction_date') }} as month_start_date,
        amount
    from purchases
    union all
    select
        'unallocated' as category,
        month_start_date,
        -amount as amount
    from purchase_lines
),

expected as (
    select
        category,
        month_start_date,
        sum(amount) as sales_amount
    from parts
    group by category, month_start_date
),

actual as (
    select
        dimension_value as category,
        period_start_date as month_start_date,
        sum(sales_amount) as sales_amount
    from {{ ref('fct_segment_sales') }}
    where scheme = 'customer_360' and segment = 'all' and dimension = 'category' and period_grain = 'month'
    group by dimension_value, period_start_date
)

select
    expected.sales_amount as expected_sales_amount,
    actual.sales_amount,
    coalesce(expected.category, actual.category) as category,
    coalesce(expected.month_start_date, actual.month_start_date) as month_start_date
from expected
full outer join actual on expected.category = actual.category and expected.month_start_date = actual.month_start_date
-- purchases that fall short of their lines can cancel out those that exceed them
where coalesce(expected.sales_amount, 0) is distinct from coalesce(actual.sales_amount, 0)
