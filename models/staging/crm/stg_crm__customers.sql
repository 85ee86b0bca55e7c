-- a table, since it is read by four models, and a view would judge and order the raw rows for each
{{ config(materialized='table') }}

with

latest as (
    {{ latest_of_key(ref('base_crm__customers')) }}
),

canonical as (
    select * from {{ ref('base_crm__canonical_customers') }}
)

-- of an erased customer the key is left, and no consent
select
    latest.customer_id,
    {% for name in [
        'first_name', 'last_name', 'email', 'phone', 'gender', 'birth_date', 'city', 'region', 'country', 'preferred_channel', 'acquisition_source',
        'loyalty_joined_at', 'created_at', 'updated_at', 'loaded_at'
    ] -%}
    case when not coalesce(canonical.is_erased, false) then latest.{{ name }} end as {{ name }},
    {% endfor -%}
    case when canonical.is_erased then false else latest.email_opt_in end as email_opt_in,
    case when canonical.is_erased then false else latest.sms_opt_in end as sms_opt_in
from latest
left join canonical on latest.customer_id = canonical.customer_id
