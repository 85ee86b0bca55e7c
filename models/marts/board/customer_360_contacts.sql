{{ config(schema='pii') }}

-- for those who may see who a customer is, beside what the Customer 360 says
select
    everyone.customer_id,
    contacts.first_name,
    contacts.last_name,
    contacts.email,
    contacts.phone,
    contacts.birth_date,
    everyone.email_opt_in,
    everyone.sms_opt_in,
    everyone.stated_channel,
    everyone.observed_channel,
    everyone.crm_dashboard_segment,
    everyone.value_tier,
    everyone.churn_risk,
    everyone.risk_reasons
from {{ ref('customer_360') }} as everyone
inner join {{ ref('dim_customer_contacts') }} as contacts on everyone.customer_id = contacts.customer_id
