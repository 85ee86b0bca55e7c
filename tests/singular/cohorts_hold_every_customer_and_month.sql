-- Cohorts are the new customers of every complete month, and each is followed to the last complete month without a gap.
with

months as (
    select
        period_start_date,
        {{ month_index('period_start_date') }} as month_number
    from {{ ref('fct_period_kpis') }}
    where period_grain = 'month' and is_complete
),

new_customers as (
    select
        {{ period_start('month', 'first_purchase_date') }} as cohort_month,
        count(*) as customer_count
    from {{ ref('dim_customers') }}
    where first_purchase_date is not null
    group by {{ period_start('month', 'first_purchase_date') }}
),

expected as (
    select
        new_customers.cohort_month,
        new_customers.customer_count as cohort_size,
        later_months.month_number - months.month_number as months_since
    from new_customers
    inner join months on new_customers.cohort_month = months.period_start_date
    inner join months as later_months on months.month_number <= later_months.month_number
)

select
    expected.cohort_size as expected_cohort_size,
    actual.cohort_size,
    coalesce(expected.cohort_month, actual.cohort_month) as cohort_month,
    coalesce(expected.months_since, actual.months_since) as months_since
from expected
full outer join {{ ref('fct_cohort_retention') }} as actual
    on expected.cohort_month = actual.cohort_month and expected.months_since = actual.months_since
where expected.cohort_size is distinct from actual.cohort_size
