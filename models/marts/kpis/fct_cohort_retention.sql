with

days as (
    select * from {{ ref('int_customer_days') }}
),

-- complete months, numbered through
months as (
    select
        period_start_date as month_start_date,
        {{ month_index('period_start_date') }} as month_number
    from {{ ref('int_periods_spined') }}
    where period_grain = 'month' and is_complete
),

-- a customer is active in a month once: on the first purchase day in it
active_months as (
    select
        {{ period_start('month', 'first_purchase_date') }} as cohort_month,
        {{ period_start('month', 'purchase_date') }} as active_month,
        count(*) as active_count
    from days
    where coalesce(previous_purchase_date < {{ period_start('month', 'purchase_date') }}, true)
    group by {{ period_start('month', 'first_purchase_date') }}, {{ period_start('month', 'purchase_date') }}
),

-- in the first month every customer of a cohort is active
cohorts as (
    select
        active_months.cohort_month,
        months.month_number as cohort_month_number,
        active_months.active_count as cohort_size
    from active_months
    inner join months on active_months.cohort_month = months.month_start_date
    where active_months.active_month = active_months.cohort_month
)

select
    cohorts.cohort_month,
    months.month_number - cohorts.cohort_month_number as months_since,
    cast(cohorts.cohort_size as bigint) as cohort_size,
    cast(coalesce(active_months.active_count, 0) as bigint) as active_count,
    {{ rate('coalesce(active_months.active_count, 0)', 'cohorts.cohort_size') }} as retention_rate
from cohorts
inner join months on cohorts.cohort_month_number <= months.month_number
left join active_months
    on
        cohorts.cohort_month = active_months.cohort_month
        and months.month_start_date = active_months.active_month
