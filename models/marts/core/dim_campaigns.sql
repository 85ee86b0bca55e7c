select
    campaign_id,
    campaign_name,
    channel,
    objective,
    target_segment,
    starts_on,
    ends_on,
    cost as cost_amount
from {{ ref('stg_crm__campaigns') }}
