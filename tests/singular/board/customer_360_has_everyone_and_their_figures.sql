-- One row for everyone in dim_customers, with the figures of the marts they come from; nobody's are doubled or lost.
select
    customers.customer_id,
    everyone.customer_id as found_customer_id
from {{ ref('dim_customers') }} as customers
full outer join {{ ref('customer_360') }} as everyone on customers.customer_id = everyone.customer_id
left join {{ ref('fct_customer_value') }} as customer_value on customers.customer_id = customer_value.customer_id
left join {{ ref('fct_customers_at_risk') }} as at_risk on customers.customer_id = at_risk.customer_id
where
    everyone.customer_id is null
    or customers.customer_id is null
    or everyone.sales_amount_lifetime <> customers.sales_amount_lifetime
    or everyone.value_tier is distinct from customer_value.value_tier
    or everyone.risk_reasons is distinct from at_risk.reasons
    or (everyone.is_erased and (at_risk.customer_id is not null or coalesce(everyone.city, everyone.stated_channel) is not null))
