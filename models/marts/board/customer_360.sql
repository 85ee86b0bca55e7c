with

as_of as (
    select * from {{ ref('int_as_of') }}
),

-- the channel a customer buys through most often; of equals the one with more sales, then the first in the alphabet
channel_sums as (
    select
        customer_id,
        channel,
        count(*) as purchase_count,
        sum(amount) as sales_amount
    from {{ ref('fct_transactions') }}
    where is_purchase and customer_id is not null and channel is not null
    group by customer_id, channel
),

ranked_channels as (
    select
        customer_id,
        channel,
        row_number() over (partition by customer_id order by purchase_count desc, sales_amount desc, channel asc) as preference
    from channel_sums
),

journeys as (
    select
        customer_id,
        journey_stage,
        month_start_date,
        row_number() over (partition by customer_id order by month_start_date desc) as latest_first
    from {{ ref('fct_journey_stages') }}
),

cases as (
    select
        customer_id,
        count(*) filter (where is_case and resolved_at is null) as open_case_count
    from {{ ref('int_interactions_classified') }}
    where customer_id is not null
    group by customer_id
),

leads as (
    select
        customer_id,
        count(*) as open_lead_count
    from {{ ref('int_leads_classified') }}
    where customer_id is not null and status = 'open'
    group by customer_id
),

ranked_answers as (
    select
        customer_id,
        survey_type,
        score,
        row_number() over (partition by customer_id, survey_type order by responded_at desc, survey_id desc) as latest_first
    from {{ ref('int_surveys_classified') }}
    where customer_id is not null
),

answers as (
    select
        customer_id,
        max(case when survey_type = 'csat' then score end) as last_csat_score,
        max(case when survey_type = 'nps' then score end) as last_nps_score
    from ranked_answers
    where latest_first = 1
    group by customer_id
),

overrides as (
    select
        customer_id,
        max(case when scheme = 'customer_360' then segment end) as customer_360_segment_override,
        max(case when scheme = 'crm_dashboard' then segment end) as crm_dashboard_segment_override
    from {{ ref('int_segment_overrides') }}
    group by customer_id
)

select
    as_of.as_of_date,
    customers.customer_id,
    customers.is_erased,
    customers.gender,
    customers.age_band,
    customers.city,
    customers.region,
    customers.country,
    customers.acquisition_source,
    customers.is_loyalty_member,
    customers.email_opt_in,
    customers.sms_opt_in,
    customers.tenure_days,
    customers.first_purchase_date,
    customers.last_purchase_date,
    customers.purchase_count_lifetime,
    customers.sales_amount_lifetime,
    customers.refund_amount_lifetime,
    {{ average_amount('customers.sales_amount_lifetime', 'customers.purchase_count_lifetime') }} as average_transaction_amount,
    rfm.recency_days,
    rfm.purchase_count_in_window,
    rfm.sales_amount_in_window,
    customers.rfm_score,
    customers.customer_360_segment,
    customers.crm_dashboard_segment,
    overrides.customer_360_segment_override,
    overrides.crm_dashboard_segment_override,
    customer_value.value_tier,
    customer_value.probability_alive,
    customer_value.purchase_probability_next_12_months,
    customer_value.expected_purchase_count_next_12_months,
    customer_value.predicted_sales_amount_next_12_months,
    customer_value.churn_risk,
    customer_value.median_days_between_purchases,
    customer_value.expected_next_purchase_date,
    customer_value.days_overdue,
    coalesce(at_risk.reason_count, 0) as risk_reason_count,
    at_risk.reasons as risk_reasons,
    customers.preferred_channel as stated_channel,
    ranked_channels.channel as observed_channel,
    case
        when coalesce(engagement.open_count_last_year + engagement.click_count_last_year + engagement.interaction_count_last_year, 0) = 0 then 'none'
        when engagement.open_count_last_year + engagement.click_count_last_year + engagement.interaction_count_last_year <= 2 then 'low'
        when engagement.open_count_last_year + engagement.click_count_last_year + engagement.interaction_count_last_year <= 5 then 'medium'
        else 'high'
    end as engagement_level,
    cast(coalesce(engagement.contact_count_last_year, 0) as integer) as contact_count_last_year,
    cast(coalesce(engagement.open_count_last_year, 0) as integer) as open_count_last_year,
    cast(coalesce(engagement.click_count_last_year, 0) as integer) as click_count_last_year,
    cast(coalesce(engagement.interaction_count_last_year, 0) as integer) as interaction_count_last_year,
    cast(coalesce(cases.open_case_count, 0) as integer) as open_case_count,
    cast(coalesce(leads.open_lead_count, 0) as integer) as open_lead_count,
    answers.last_csat_score,
    answers.last_nps_score,
    journeys.journey_stage,
    journeys.month_start_date as journey_month
from {{ ref('dim_customers') }} as customers
cross join as_of
left join {{ ref('fct_customer_rfm') }} as rfm on customers.customer_id = rfm.customer_id
left join {{ ref('fct_customer_value') }} as customer_value on customers.customer_id = customer_value.customer_id
left join {{ ref('fct_customers_at_risk') }} as at_risk on customers.customer_id = at_risk.customer_id
left join {{ ref('int_customer_engagement') }} as engagement on customers.customer_id = engagement.customer_id
left join ranked_channels on customers.customer_id = ranked_channels.customer_id and ranked_channels.preference = 1
left join cases on customers.customer_id = cases.customer_id
left join leads on customers.customer_id = leads.customer_id
left join answers on customers.customer_id = answers.customer_id
left join journeys on customers.customer_id = journeys.customer_id and journeys.latest_first = 1
left join overrides on customers.customer_id = overrides.customer_id
