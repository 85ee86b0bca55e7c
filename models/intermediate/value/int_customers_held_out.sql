{{ config(materialized='view') }}

with

as_of as (
    select * from {{ ref('int_as_of') }}
),

parameters as (
    select * from {{ ref('int_customer_value_parameters') }}
    where purpose = 'holdout'
),

-- purchase days after the day up to which the model knew, to D
actual as (
    select
        customer_days.customer_id,
        count(*) as purchase_count,
        {{ sum_amount('customer_days.sales_amount') }} as sales_amount
    from {{ ref('int_customer_days') }} as customer_days
    inner join as_of on customer_days.purchase_date <= as_of.as_of_date
    inner join parameters on customer_days.purchase_date > parameters.sample_date
    group by customer_days.customer_id
)

select
    as_of.as_of_date,
    parameters.sample_date as calibration_end_date,
    predicted.customer_id,
    predicted.repeat_purchase_day_count,
    predicted.expected_purchase_count,
    predicted.predicted_sales_amount,
    coalesce(actual.purchase_count, 0) as actual_purchase_count,
    coalesce(actual.sales_amount, 0) as actual_sales_amount
from {{ ref('int_customer_value_predicted') }} as predicted
inner join parameters on predicted.purpose = parameters.purpose
cross join as_of
left join actual on predicted.customer_id = actual.customer_id
