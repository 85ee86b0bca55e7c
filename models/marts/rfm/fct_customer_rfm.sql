select
    as_of_date,
    customer_id,
    recency_days,
    purchase_count_in_window,
    sales_amount_in_window,
    recency_score,
    frequency_score,
    monetary_score,
    rfm_score,
    customer_360_segment,
    crm_dashboard_segment
from {{ ref('int_customers_rfm_scored') }}
