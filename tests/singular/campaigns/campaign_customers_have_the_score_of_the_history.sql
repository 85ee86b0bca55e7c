-- The score at the first contact is the one that the history shows for the day before.
select
    customers.campaign_id,
    customers.customer_id,
    customers.contacted_date,
    customers.rfm_score,
    history.rfm_score as rfm_score_of_history
from {{ ref('int_campaign_customers') }} as customers
left join {{ ref('fct_customer_rfm_history') }} as history
    on
        customers.customer_id = history.customer_id
        and customers.contacted_date > history.valid_from_date
        and customers.contacted_date <= coalesce(history.valid_to_date, cast('9999-12-31' as date))
where
    customers.rfm_score is distinct from history.rfm_score
    or customers.customer_360_segment is distinct from history.customer_360_segment
    or customers.crm_dashboard_segment is distinct from history.crm_dashboard_segment
