with

days as (
    select * from {{ ref('int_customer_days') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

windows as (
    {% for days in [30, 60, 90] -%}
    select {{ days }} as window_days
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- the second purchase is another one of the first day, otherwise one of the next day with a purchase
first_days as (
    select
        first_purchase_date,
        case
            when purchase_count > 1 then 0
            else {{ days_between('purchase_date', 'next_purchase_date') }}
        end as days_to_second_purchase
    from days
    where previous_purchase_date is null
),

counted as (
    select
        first_purchase_date,
        days_to_second_purchase,
        count(*) as customer_count
    from first_days
    group by first_purchase_date, days_to_second_purchase
),

-- whether a customer has been observed for long enough is the same for all of one first day
watched as (
    select
        {{ period_start('month', 'counted.first_purchase_date') }} as cohort_month,
        windows.window_days,
        counted.customer_count,
        coalesce(counted.days_to_second_purchase <= windows.window_days, false) as is_back,
        {{ days_between('counted.first_purchase_date', 'as_of.as_of_date') }} >= windows.window_days as is_observed
    from counted
    cross join windows
    cross join as_of
),

cohorts as (
    select
        cohort_month,
        window_days,
        cast(sum(customer_count) as bigint) as cohort_size,
        cast(coalesce(sum(customer_count) filter (where is_observed), 0) as bigint) as observed_customer_count,
        cast(coalesce(sum(customer_count) filter (where is_observed and is_back), 0) as bigint) as second_purchase_count
    from watched
    group by cohort_month, window_days
)

select
    cohort_month,
    window_days as days,  -- noqa: RF04
    cohort_size,
    observed_customer_count,
    second_purchase_count,
    {{ rate('second_purchase_count', 'observed_customer_count') }} as second_purchase_rate
from cohorts
