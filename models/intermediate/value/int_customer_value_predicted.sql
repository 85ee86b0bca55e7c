{{ config(materialized='view') }}

with

parameters as (
    select * from {{ ref('int_customer_value_parameters') }}
),

measured as (
    select
        parameters.purpose,
        measured.customer_id,
        measured.repeat_purchase_day_count,
        measured.tenure_days,
        measured.repeat_sales_amount,
        parameters.a,
        parameters.p,
        parameters.q,
        parameters.v,
        parameters.b + measured.repeat_purchase_day_count as b,
        parameters.r + measured.repeat_purchase_day_count as shape,
        -- alpha + T, the same up to the last purchase, and with the horizon; in days
        7 * parameters.alpha + measured.tenure_days as scale,
        7 * parameters.alpha + measured.tenure_days - measured.recency_days as scale_at_last_purchase,
        7 * parameters.alpha + measured.tenure_days + parameters.horizon_days as scale_at_horizon
    from {{ ref('int_customer_value_measured') }} as measured
    inner join parameters on measured.sample_date = parameters.sample_date
),

-- Nobody drops out but after a repeat day. Then the longer the silence after a close rhythm, the less likely somebody is still there.
judged as (
    select
        *,
        case
            when repeat_purchase_day_count = 0 then 1
            else 1 / (1 + a / (b - 1) * exp(least(shape * ln(scale / scale_at_last_purchase), 600)))
        end as probability_alive,
        1 - exp(greatest(-shape * ln(scale_at_horizon / scale), -600)) as purchase_probability_if_alive,
        -- between the average of the customer's repeat days and that of everyone; without a repeat day the latter, if there is one
        case
            when p * repeat_purchase_day_count + q > 1
                then p * (v + repeat_sales_amount) / (p * repeat_purchase_day_count + q - 1)
        end as expected_purchase_amount
    from measured
)

select
    judged.purpose,
    judged.customer_id,
    judged.repeat_purchase_day_count,
    judged.probability_alive,
    judged.expected_purchase_amount,
    judged.probability_alive * judged.purchase_probability_if_alive as purchase_probability,
    judged.probability_alive * expected.expected_purchase_count_if_alive as expected_purchase_count,
    judged.probability_alive * expected.expected_purchase_count_if_alive * judged.expected_purchase_amount as predicted_sales_amount,
    judged.probability_alive * expected.discounted_purchase_count_if_alive * judged.expected_purchase_amount as discounted_sales_amount
from judged
inner join {{ ref('int_purchases_expected') }} as expected
    on
        judged.purpose = expected.purpose
        and judged.repeat_purchase_day_count = expected.repeat_purchase_day_count
        and judged.tenure_days = expected.tenure_days
