-- One row for everyone in dim_customers, with the attributes and figures of the marts they come from; nobody's are doubled or lost.
{%- set customer_columns = [
    'is_erased', 'gender', 'age_band', 'city', 'region', 'country', 'acquisition_source', 'is_loyalty_member', 'email_opt_in', 'sms_opt_in',
    'tenure_days', 'first_purchase_date', 'last_purchase_date', 'purchase_count_lifetime', 'sales_amount_lifetime', 'refund_amount_lifetime',
    'rfm_score', 'customer_360_segment', 'crm_dashboard_segment'
] -%}
{%- set rfm_columns = ['recency_days', 'purchase_count_in_window', 'sales_amount_in_window'] -%}
{%- set value_columns = [
    'value_tier', 'probability_alive', 'purchase_probability_next_12_months', 'expected_purchase_count_next_12_months',
    'predicted_sales_amount_next_12_months', 'churn_risk', 'median_days_between_purchases', 'expected_next_purchase_date', 'days_overdue'
] %}

with

leads as (
    select
        customer_id,
        count(*) as open_lead_count
    from {{ ref('fct_open_leads') }}
    where customer_id is not null
    group by customer_id
),

journeys as (
    select
        customer_id,
        max(month_start_date) as journey_month
    from {{ ref('fct_journey_stages') }}
    group by customer_id
)

select
    customers.customer_id,
    everyone.customer_id as found_customer_id
from {{ ref('dim_customers') }} as customers
full outer join {{ ref('customer_360') }} as everyone on customers.customer_id = everyone.customer_id
left join {{ ref('fct_customer_rfm') }} as rfm on customers.customer_id = rfm.customer_id
left join {{ ref('fct_customer_value') }} as customer_value on customers.customer_id = customer_value.customer_id
left join {{ ref('fct_customers_at_risk') }} as at_risk on customers.customer_id = at_risk.customer_id
left join leads on customers.customer_id = leads.customer_id
left join journeys on customers.customer_id = journeys.customer_id
left join {{ ref('fct_journey_stages') }} as last_months
    on journeys.customer_id = last_months.customer_id and journeys.journey_month = last_months.month_start_date
where
    everyone.customer_id is null
    or customers.customer_id is null
    {%- for column in customer_columns %}
    or everyone.{{ column }} is distinct from customers.{{ column }}
    {%- endfor %}
    or everyone.stated_channel is distinct from customers.preferred_channel
    {%- for column in rfm_columns %}
    or everyone.{{ column }} is distinct from rfm.{{ column }}
    {%- endfor %}
    {%- for column in value_columns %}
    or everyone.{{ column }} is distinct from customer_value.{{ column }}
    {%- endfor %}
    or everyone.risk_reasons is distinct from at_risk.reasons
    or everyone.risk_reason_count is distinct from coalesce(at_risk.reason_count, 0)
    or everyone.open_lead_count is distinct from coalesce(leads.open_lead_count, 0)
    or everyone.journey_month is distinct from journeys.journey_month
    or everyone.journey_stage is distinct from last_months.journey_stage
    or (everyone.is_erased and (at_risk.customer_id is not null or coalesce(everyone.city, everyone.stated_channel) is not null))
