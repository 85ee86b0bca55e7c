-- Every customer with a purchase is scored, nobody else is, and both tables show the same score.
select
    customers.rfm_score,
    scores.rfm_score as rfm_score_of_scores,
    customers.tenure_days,
    coalesce(customers.customer_id, scores.customer_id) as customer_id
from {{ ref('dim_customers') }} as customers
full outer join {{ ref('fct_customer_rfm') }} as scores on customers.customer_id = scores.customer_id
where
    (customers.first_purchase_date is not null) is distinct from (scores.customer_id is not null)
    or customers.rfm_score is distinct from scores.rfm_score
    or customers.customer_360_segment is distinct from scores.customer_360_segment
    or customers.crm_dashboard_segment is distinct from scores.crm_dashboard_segment
    or {{ days_between('customers.last_purchase_date', 'scores.as_of_date') }} is distinct from scores.recency_days
