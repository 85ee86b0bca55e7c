-- What a period closes with, the next one opens with; nobody is there before the first, and every month is in the mart.
with

counted as (
    select
        *,
        lag(closing_customer_count) over (partition by period_grain order by period_start_date) as closing_before
    from {{ ref('int_churn_counted') }}
)

select
    counted.period_grain,
    counted.period_start_date,
    counted.closing_before,
    counted.opening_customer_count
from counted
left join {{ ref('fct_customer_churn') }} as churn
    on counted.period_grain = 'month' and counted.period_start_date = churn.month_start_date
where
    counted.opening_customer_count is distinct from coalesce(counted.closing_before, 0)
    or (counted.period_grain = 'month' and counted.closing_customer_count is distinct from churn.closing_customer_count)
