with

as_of as (
    select * from {{ ref('int_as_of') }}
),

customers as (
    select
        customers.*,
        sources.birth_date
    from {{ ref('int_customers_merged') }} as customers
    -- an erased customer has no row of attributes
    left join {{ ref('stg_crm__customers') }} as sources
        on customers.attribute_customer_id = sources.customer_id
),

erased_customers as (
    select distinct canonical_customer_id as customer_id
    from {{ ref('base_crm__canonical_customers') }}
    where is_erased
),

-- one row per customer with any transaction up to D, cancelled ones too
transactions as (
    select
        classified.customer_id,
        {{ sum_amount('-classified.amount', 'classified.is_refund') }} as refund_amount_lifetime
    from {{ ref('int_transactions_classified') }} as classified
    cross join as_of
    where classified.customer_id is not null and classified.transaction_date <= as_of.as_of_date
    group by classified.customer_id
),

purchases as (
    select
        customer_id,
        min(purchase_date) as first_purchase_date,
        max(purchase_date) as last_purchase_date,
        cast(sum(purchase_count) as integer) as purchase_count_lifetime,
        {{ sum_amount('sales_amount') }} as sales_amount_lifetime
    from {{ ref('int_customer_days') }}
    group by customer_id
),

scores as (
    select * from {{ ref('int_customers_rfm_scored') }}
),

everyone as (
    select
        customers.gender,
        customers.birth_date,
        customers.city,
        customers.region,
        customers.country,
        customers.preferred_channel,
        customers.acquisition_source,
        customers.loyalty_joined_at,
        customers.email_opt_in,
        customers.sms_opt_in,
        coalesce(customers.customer_id, transactions.customer_id) as customer_id,
        coalesce(transactions.refund_amount_lifetime, 0) as refund_amount_lifetime
    from customers
    full outer join transactions on customers.customer_id = transactions.customer_id
)

select
    everyone.customer_id,
    everyone.gender,
    {{ age_band('everyone.birth_date', 'as_of.as_of_date') }} as age_band,
    everyone.city,
    everyone.region,
    everyone.country,
    everyone.preferred_channel,
    everyone.acquisition_source,
    coalesce({{ reporting_date('everyone.loyalty_joined_at') }} <= as_of.as_of_date, false) as is_loyalty_member,
    everyone.loyalty_joined_at,
    everyone.email_opt_in,
    everyone.sms_opt_in,
    erased_customers.customer_id is not null as is_erased,
    {{ days_between('purchases.first_purchase_date', 'as_of.as_of_date') }} as tenure_days,
    purchases.first_purchase_date,
    purchases.last_purchase_date,
    coalesce(purchases.purchase_count_lifetime, 0) as purchase_count_lifetime,
    cast(coalesce(purchases.sales_amount_lifetime, 0) as decimal(18, 2)) as sales_amount_lifetime,
    cast(everyone.refund_amount_lifetime as decimal(18, 2)) as refund_amount_lifetime,
    scores.rfm_score,
    scores.customer_360_segment,
    scores.crm_dashboard_segment
from everyone
cross join as_of
left join purchases on everyone.customer_id = purchases.customer_id
left join scores on everyone.customer_id = scores.customer_id
left join erased_customers on everyone.customer_id = erased_customers.customer_id
