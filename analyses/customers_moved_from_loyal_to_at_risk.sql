-- Question: who moved from Loyal Customers to At Risk in the last complete month?
-- Reading:  one row per customer who was one of the Loyal Customers at the end of the month before and At Risk at the
--           month's end, best buyers first. current_segment says whether they have come back since. Their number is the
--           customer_count of that move in fct_segment_migration.
-- Marts:    fct_customer_rfm_history, fct_period_kpis, dim_customers
with

months as (
    select
        {{ date_plus('max(period_start_date)', -1, 'day') }} as earlier_date,
        {{ date_plus(date_plus('max(period_start_date)', 1, 'month'), -1, 'day') }} as later_date
    from {{ ref('fct_period_kpis') }}
    where period_grain = 'month' and is_complete
),

history as (
    select * from {{ ref('fct_customer_rfm_history') }}
)

select
    months.later_date as month_end_date,
    later.customer_id,
    earlier.rfm_score as earlier_rfm_score,
    later.rfm_score as later_rfm_score,
    customers.crm_dashboard_segment as current_segment,
    customers.last_purchase_date,
    later.purchase_count_in_window,
    later.sales_amount_in_window,
    customers.purchase_count_lifetime,
    customers.sales_amount_lifetime
from months
inner join history as earlier
    on
        months.earlier_date >= earlier.valid_from_date
        and coalesce(months.earlier_date < earlier.valid_to_date, true)
inner join history as later
    on
        earlier.customer_id = later.customer_id
        and months.later_date >= later.valid_from_date
        and coalesce(months.later_date < later.valid_to_date, true)
inner join {{ ref('dim_customers') }} as customers on later.customer_id = customers.customer_id
where earlier.crm_dashboard_segment = 'Loyal Customers' and later.crm_dashboard_segment = 'At Risk'
order by customers.sales_amount_lifetime desc, later.customer_id asc
