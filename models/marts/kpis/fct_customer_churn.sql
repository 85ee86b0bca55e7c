select
    period_start_date as month_start_date,
    is_complete,
    opening_customer_count,
    new_customer_count,
    reactivated_customer_count,
    churned_customer_count,
    closing_customer_count,
    {{ rate('churned_customer_count', 'opening_customer_count') }} as churn_rate
from {{ ref('int_churn_counted') }}
where period_grain = 'month'
