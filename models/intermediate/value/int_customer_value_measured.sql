with

customer_days as (
    select * from {{ ref('int_customer_days') }}
),

-- where the parameters are of this data, the days they were fitted on are the days of a new fit
sample_dates as (
    select fit_date as sample_date
    from {{ ref('int_customer_value_dates') }}
    union
    select fitted_as_of as sample_date
    from {{ ref('int_customer_value_dates') }}
    where fitted_as_of is not null
),

summed as (
    select
        sample_dates.sample_date,
        customer_days.customer_id,
        customer_days.first_purchase_date,
        max(customer_days.purchase_date) as last_purchase_date,
        cast(count(*) as integer) as purchase_day_count,
        {{ sum_amount('customer_days.sales_amount') }} as sales_amount,
        {{ sum_amount('customer_days.sales_amount', 'customer_days.purchase_date > customer_days.first_purchase_date') }} as repeat_sales_amount
    from customer_days
    inner join sample_dates on customer_days.purchase_date <= sample_dates.sample_date
    group by sample_dates.sample_date, customer_days.customer_id, customer_days.first_purchase_date
)

select
    sample_date,
    customer_id,
    first_purchase_date,
    last_purchase_date,
    purchase_day_count,
    purchase_day_count - 1 as repeat_purchase_day_count,
    {{ days_between('first_purchase_date', 'sample_date') }} as tenure_days,
    {{ days_between('last_purchase_date', 'sample_date') }} as recency_days,
    sales_amount,
    repeat_sales_amount
from summed
