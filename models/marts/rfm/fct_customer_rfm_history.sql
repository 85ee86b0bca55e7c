select
    customer_id,
    valid_from_date,
    valid_to_date,
    purchase_count_in_window,
    sales_amount_in_window,
    recency_score,
    frequency_score,
    monetary_score,
    rfm_score,
    customer_360_segment,
    crm_dashboard_segment
from {{ ref('int_customer_rfm_spans_scored') }}
