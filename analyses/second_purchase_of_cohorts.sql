-- Question: how many new customers come back within 30, 60 and 90 days, and is it getting better?
-- Reading:  one row per month of the first purchase in which anyone has been observed for 90 days. Rates of young cohorts are
--           of those customers only whom there was time to observe. Read down a column; the last one is the distance from
--           all earlier cohorts taken together. Large gains from 60 to 90 days say that the reminder comes too early.
-- Marts:    fct_second_purchase
with

cohorts as (
    select
        cohort_month,
        max(cohort_size) as cohort_size,
        max(case when days = 30 then second_purchase_rate end) as rate_within_30_days,
        max(case when days = 60 then second_purchase_rate end) as rate_within_60_days,
        max(case when days = 90 then second_purchase_rate end) as rate_within_90_days,
        max(case when days = 90 then observed_customer_count end) as observed_customer_count,
        max(case when days = 90 then second_purchase_count end) as second_purchase_count
    from {{ ref('fct_second_purchase') }}
    group by cohort_month
),

totalled as (
    select
        *,
        sum(observed_customer_count) over earlier as earlier_observed_count,
        sum(second_purchase_count) over earlier as earlier_second_purchase_count
    from cohorts
    where observed_customer_count > 0
    window earlier as (order by cohort_month rows between unbounded preceding and 1 preceding)
)

select
    cohort_month,
    cohort_size,
    rate_within_30_days,
    rate_within_60_days,
    rate_within_90_days,
    cast(
        rate_within_90_days - {{ rate('earlier_second_purchase_count', 'earlier_observed_count') }} as decimal(18, 6)
    ) as difference_from_earlier_cohorts
from totalled
order by cohort_month
