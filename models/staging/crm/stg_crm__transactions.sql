with

latest as (
    {{ latest_of_key(ref('base_crm__transactions')) }}
)

select
    transaction_id,
    customer_id,
    transacted_at,
    amount,
    channel,
    branch_id,
    campaign_id,
    refunded_transaction_id,
    status,
    loaded_at
from latest
