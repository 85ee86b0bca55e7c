select
    transaction_id,
    touch_number,
    campaign_id,
    contact_id,
    customer_id,
    transaction_date,
    touched_at,
    cast(touch_count as bigint) as touch_count,
    is_first_touch,
    is_last_touch,
    sales_amount,
    cast(case when is_first_touch then 1 else 0 end as decimal(18, 6)) as first_touch_credit,
    cast(case when is_last_touch then 1 else 0 end as decimal(18, 6)) as last_touch_credit,
    linear_credit,
    cast(case when is_first_touch then sales_amount else 0 end as decimal(18, 2)) as first_touch_sales_amount,
    cast(case when is_last_touch then sales_amount else 0 end as decimal(18, 2)) as last_touch_sales_amount,
    linear_sales_amount
from {{ ref('int_campaign_touches') }}
