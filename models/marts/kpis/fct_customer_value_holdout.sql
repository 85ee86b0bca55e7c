with

customers as (
    select
        *,
        -- exact, so that sums do not depend on the order of rows
        cast(expected_purchase_count as decimal(38, 12)) as expected_purchases,
        cast(predicted_sales_amount as decimal(38, 12)) as predicted_sales
    from {{ ref('int_customers_held_out') }}
),

-- each customer by the repeat days known beforehand, and once more in the total
grouped as (
    select
        *,
        case
            when repeat_purchase_day_count < 7 then cast(repeat_purchase_day_count as {{ dbt.type_string() }})
            else '7+'
        end as repeat_count_group
    from customers
    union all
    select
        *,
        'all' as repeat_count_group
    from customers
)

select
    as_of_date,
    calibration_end_date,
    repeat_count_group,
    cast(count(*) as bigint) as customer_count,
    cast(sum(actual_purchase_count) as bigint) as actual_purchase_count,
    cast(sum(expected_purchases) as {{ type_double() }}) as expected_purchase_count,
    {{ divide('sum(actual_purchase_count)', 'count(*)', 4) }} as average_actual_purchases,
    cast(sum(expected_purchases) as {{ type_double() }}) / count(*) as expected_average_purchase_count,
    cast(sum(abs(expected_purchases - actual_purchase_count)) as {{ type_double() }}) / count(*) as mean_absolute_error,
    cast(sum(expected_purchases - actual_purchase_count) as {{ type_double() }}) / count(*) as bias,
    {{ sum_amount('actual_sales_amount') }} as actual_sales_amount,
    cast(sum(predicted_sales) as {{ type_double() }}) as predicted_sales_amount
from grouped
group by as_of_date, calibration_end_date, repeat_count_group
