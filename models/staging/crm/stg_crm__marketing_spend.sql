with

latest as (
    {{ latest_of_key(ref('base_crm__marketing_spend')) }}
)

select
    spend_date,
    channel,
    purpose,
    amount,
    loaded_at
from latest
