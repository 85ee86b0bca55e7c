{{ config(schema='pii') }}

-- dim_customers has everyone; contacts are known of those in the raw table customers, and gone of those who were erased
select
    everyone.customer_id,
    sources.first_name,
    sources.last_name,
    sources.email,
    sources.phone,
    sources.birth_date
from {{ ref('dim_customers') }} as everyone
left join {{ ref('int_customers_merged') }} as customers on everyone.customer_id = customers.customer_id
left join {{ ref('stg_crm__customers') }} as sources on customers.attribute_customer_id = sources.customer_id
where not everyone.is_erased
