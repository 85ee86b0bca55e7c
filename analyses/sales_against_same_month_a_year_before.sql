-- Question: how does each month compare with the same month a year before, and what drove the change?
-- Reading:  the last twelve complete months. The change of sales by identified customers is that of how many bought
--           times that of how much each of them spent; which of the two moved says where to look. Changes are NULL
--           where there is no complete month a year before.
-- Marts:    fct_sales_trend, fct_period_kpis
with

months as (
    select
        trend.period_start_date as month_start_date,
        trend.total_sales_amount,
        trend.total_sales_amount_change_on_previous_year,
        trend.crm_sales_amount_change_on_previous_year,
        trend.ecommerce_sales_amount_change_on_previous_year,
        kpis.customer_count,
        kpis.new_customer_count,
        kpis.vip_sales_amount,
        kpis.sales_amount,
        kpis.refund_amount
    from {{ ref('fct_sales_trend') }} as trend
    inner join {{ ref('fct_period_kpis') }} as kpis
        on
            trend.period_grain = kpis.period_grain
            and trend.period_start_date = kpis.period_start_date
    where trend.period_grain = 'month' and trend.is_complete
),

last_months as (
    select *
    from months
    order by month_start_date desc
    limit 12
)

select
    last_months.month_start_date,
    last_months.total_sales_amount,
    earlier.total_sales_amount as total_sales_amount_year_before,
    last_months.total_sales_amount_change_on_previous_year as sales_change,
    {{ change('last_months.customer_count', 'earlier.customer_count') }} as customer_count_change,
    {{ change('last_months.new_customer_count', 'earlier.new_customer_count') }} as new_customer_count_change,
    -- later average / earlier average - 1, both as one fraction, so that nothing is rounded on the way
    {{ change(
        '(last_months.vip_sales_amount * earlier.customer_count)',
        '(earlier.vip_sales_amount * last_months.customer_count)'
    ) }} as average_customer_amount_change,
    last_months.crm_sales_amount_change_on_previous_year as crm_sales_change,
    last_months.ecommerce_sales_amount_change_on_previous_year as ecommerce_sales_change,
    {{ rate('last_months.refund_amount', 'last_months.sales_amount') }} as refund_share,
    {{ rate('earlier.refund_amount', 'earlier.sales_amount') }} as refund_share_year_before
from last_months
left join months as earlier
    on earlier.month_start_date = {{ date_plus('last_months.month_start_date', -1, 'year') }}
order by last_months.month_start_date
