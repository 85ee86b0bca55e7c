-- Question: how many of each month's new customers still buy in their third month?
-- Reading:  one row per cohort that has had three complete months since. Month 1 is the calendar month after the first
--           purchase. Read down a column: it should not fall. A month with a cohort of bargain hunters or gift buyers
--           shows here, not in its sales. The last column is the distance from all earlier cohorts taken together.
-- Marts:    fct_cohort_retention
with

months as (
    select
        cohort_month,
        cohort_size,
        max(case when months_since = 1 then active_count end) as active_in_month_1_count,
        max(case when months_since = 2 then active_count end) as active_in_month_2_count,
        max(case when months_since = 3 then active_count end) as active_in_month_3_count
    from {{ ref('fct_cohort_retention') }}
    group by cohort_month, cohort_size
    having max(months_since) >= 3
),

totalled as (
    select
        *,
        sum(cohort_size) over earlier as earlier_cohort_size,
        sum(active_in_month_3_count) over earlier as earlier_active_count
    from months
    window earlier as (order by cohort_month rows between unbounded preceding and 1 preceding)
)

select
    cohort_month,
    cohort_size,
    {{ rate('active_in_month_1_count', 'cohort_size') }} as retention_rate_month_1,
    {{ rate('active_in_month_2_count', 'cohort_size') }} as retention_rate_month_2,
    {{ rate('active_in_month_3_count', 'cohort_size') }} as retention_rate_month_3,
    cast(
        {{ rate('active_in_month_3_count', 'cohort_size') }} - {{ rate('earlier_active_count', 'earlier_cohort_size') }}
        as decimal(18, 6)
    ) as difference_from_earlier_cohorts
from totalled
order by cohort_month
