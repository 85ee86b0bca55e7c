with

as_of as (
    select * from {{ ref('int_as_of') }}
),

measured as (
    select
        measured.*,
        as_of.as_of_date
    from {{ ref('int_customer_value_measured') }} as measured
    inner join as_of on measured.sample_date = as_of.as_of_date
),

-- no row without parameters: what follows from them is NULL then
predicted as (
    select * from {{ ref('int_customer_value_predicted') }}
    where purpose = 'prediction'
),

refunds as (
    select
        refunded.customer_id,
        {{ sum_amount('-refunded.amount') }} as refund_amount
    from {{ ref('int_transactions_classified') }} as refunded
    inner join as_of on refunded.transaction_date <= as_of.as_of_date
    where refunded.is_refund and refunded.customer_id is not null
    group by refunded.customer_id
),

-- the median of an even number of gaps lies halfway between the two in the middle
rhythms as (
    select
        customer_id,
        cast(percentile_cont(0.5) within group (
            order by cast({{ days_between('previous_purchase_date', 'purchase_date') }} as {{ type_double() }})
        ) as decimal(18, 4)) as median_days_between_purchases
    from {{ ref('int_customer_days') }}
    where previous_purchase_date is not null
    group by customer_id
),

valued as (
    select
        measured.as_of_date,
        measured.customer_id,
        measured.purchase_day_count,
        measured.repeat_purchase_day_count,
        measured.tenure_days,
        measured.recency_days,
        measured.sales_amount,
        cast(measured.sales_amount - coalesce(refunds.refund_amount, 0) as decimal(18, 2)) as net_sales_amount,
        predicted.probability_alive,
        predicted.purchase_probability,
        predicted.expected_purchase_count,
        predicted.expected_purchase_amount,
        predicted.predicted_sales_amount,
        predicted.discounted_sales_amount,
        -- to the cent, so that the last digit of a double decides nothing
        measured.sales_amount - coalesce(refunds.refund_amount, 0) + cast(predicted.predicted_sales_amount as decimal(18, 2)) as customer_value,
        rhythms.median_days_between_purchases,
        {{ date_plus('measured.last_purchase_date', 'cast(ceil(rhythms.median_days_between_purchases) as integer)', 'day') }} as expected_next_purchase_date
    from measured
    left join predicted on measured.customer_id = predicted.customer_id
    left join refunds on measured.customer_id = refunds.customer_id
    left join rhythms on measured.customer_id = rhythms.customer_id
),

-- equal values have equal ranks
ranked as (
    select
        *,
        rank() over (order by customer_value desc nulls last) as value_rank,
        count(customer_value) over () as valued_customer_count
    from valued
),

risk_bands as (
    select * from {{ ref('int_customer_value_bands_bounded') }}
    where measure = 'churn_risk'
),

tier_bands as (
    select * from {{ ref('int_customer_value_bands_bounded') }}
    where measure = 'value_tier'
)

select
    ranked.as_of_date,
    ranked.customer_id,
    ranked.purchase_day_count,
    ranked.repeat_purchase_day_count,
    ranked.tenure_days,
    ranked.recency_days,
    ranked.sales_amount,
    ranked.net_sales_amount,
    ranked.probability_alive,
    ranked.purchase_probability,
    ranked.expected_purchase_count,
    ranked.expected_purchase_amount,
    ranked.predicted_sales_amount,
    ranked.discounted_sales_amount,
    risk_bands.band as churn_risk,
    tier_bands.band as value_tier,
    ranked.median_days_between_purchases,
    ranked.expected_next_purchase_date,
    case
        when ranked.expected_next_purchase_date < ranked.as_of_date
            then {{ days_between('ranked.expected_next_purchase_date', 'ranked.as_of_date') }}
        when ranked.expected_next_purchase_date is not null then 0
    end as days_overdue
from ranked
left join risk_bands
    on
        ranked.purchase_probability >= risk_bands.lower_bound
        and (ranked.purchase_probability < risk_bands.next_lower_bound or risk_bands.next_lower_bound is null)
left join tier_bands
    on
        ranked.customer_value is not null
        and ranked.value_rank > tier_bands.previous_upper_share * ranked.valued_customer_count
        and (ranked.value_rank <= tier_bands.upper_share * ranked.valued_customer_count or tier_bands.upper_share is null)
