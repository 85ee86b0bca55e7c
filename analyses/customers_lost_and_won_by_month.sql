-- Question: do we lose customers faster than we win them?
-- Reading:  one row per month, the last twelve complete ones. Customers are active for churn_days after a purchase. Churn
--           rises after every strong season, as those who came for it leave: compare with the same month a year before, not
--           with the month before. Won per lost below 1 means that the active base shrinks; a low share won back asks for
--           a win-back campaign, a low number of new ones for acquisition.
-- Marts:    fct_customer_churn
with

months as (
    select
        *,
        new_customer_count + reactivated_customer_count as won_customer_count
    from {{ ref('fct_customer_churn') }}
    where is_complete
)

select
    months.month_start_date,
    months.opening_customer_count,
    months.new_customer_count,
    months.reactivated_customer_count,
    months.churned_customer_count,
    months.closing_customer_count,
    months.churn_rate,
    years_before.churn_rate as churn_rate_year_before,
    {{ rate('months.won_customer_count', 'months.churned_customer_count') }} as won_per_lost_customer,
    {{ rate('months.reactivated_customer_count', 'months.won_customer_count') }} as reactivated_share
from months
left join months as years_before on {{ date_plus('months.month_start_date', -1, 'year') }} = years_before.month_start_date
where months.month_start_date > (select {{ date_plus('max(last_months.month_start_date)', -12, 'month') }} from months as last_months)
order by months.month_start_date
