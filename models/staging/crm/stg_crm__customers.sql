with

latest as (
    {{ latest_of_key(ref('base_crm__customers')) }}
)

select
    customer_id,
    first_name,
    last_name,
    email,
    phone,
    gender,
    birth_date,
    city,
    region,
    country,
    preferred_channel,
    acquisition_source,
    loyalty_joined_at,
    email_opt_in,
    sms_opt_in,
    created_at,
    updated_at,
    loaded_at
from latest
