-- Question: which valuable customers at risk should be called this week?
-- Reading:  customers At Risk in crm_dashboard who belong to the best fifth of all buyers by lifetime net sales and can be
--           reached by phone. Those who can still be held come first: days_left counts down to the day on which their
--           recency falls to the lowest score, and is empty where it has. Whoever has been away for more than twice
--           churn_days is left out: that is a case for a win-back campaign. Within each group the best buyers come first.
--           The result holds names and phone numbers.
-- Marts:    fct_customer_rfm, dim_customers, dim_customer_contacts, seed rfm_scale
with

buyers as (
    select
        customer_id,
        purchase_count_lifetime,
        cast(sales_amount_lifetime - refund_amount_lifetime as decimal(18, 2)) as net_sales_amount_lifetime,
        -- 0 is the best; equal amounts have equal ranks
        percent_rank() over (order by sales_amount_lifetime - refund_amount_lifetime desc) as value_rank
    from {{ ref('dim_customers') }}
    where purchase_count_lifetime > 0
),

recency_limits as (
    select cast(upper_bound as integer) as last_day_before_lowest
    from {{ ref('rfm_scale') }}
    where measure = 'recency' and score = 2
),

at_risk as (
    select
        scores.*,
        case
            when scores.recency_days <= recency_limits.last_day_before_lowest
                then recency_limits.last_day_before_lowest + 1 - scores.recency_days
        end as days_left
    from {{ ref('fct_customer_rfm') }} as scores
    cross join recency_limits
    where scores.crm_dashboard_segment = 'At Risk' and scores.recency_days <= 2 * {{ var('churn_days') }}
)

select
    at_risk.customer_id,
    contacts.first_name,
    contacts.last_name,
    contacts.phone,
    at_risk.days_left,
    at_risk.recency_days,
    at_risk.rfm_score,
    at_risk.purchase_count_in_window,
    at_risk.sales_amount_in_window,
    buyers.purchase_count_lifetime,
    buyers.net_sales_amount_lifetime
from at_risk
inner join buyers on at_risk.customer_id = buyers.customer_id
inner join {{ ref('dim_customer_contacts') }} as contacts on at_risk.customer_id = contacts.customer_id
where buyers.value_rank <= 0.2 and contacts.phone is not null
order by
    case when at_risk.days_left is null then 1 else 0 end asc,
    buyers.net_sales_amount_lifetime desc,
    at_risk.customer_id asc
