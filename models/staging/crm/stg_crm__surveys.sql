with

latest as (
    {{ latest_of_key(ref('base_crm__surveys')) }}
)

select
    survey_id,
    customer_id,
    survey_type,
    score,
    responded_at,
    loaded_at
from latest
