with

code_bands as (
    select
        scores.rfm_score,
        coalesce(customer_value.value_tier, 'unknown') as value_tier,
        coalesce(customer_value.churn_risk, 'unknown') as churn_risk,
        count(*) as customer_count,
        sum(customer_value.historic_sales_amount) as historic_sales_amount,
        -- exact, so that sums do not depend on the order of rows
        sum(cast(customer_value.predicted_sales_amount_next_12_months as decimal(38, 12))) as predicted_sales
    from {{ ref('fct_customer_value') }} as customer_value
    inner join {{ ref('fct_customer_rfm') }} as scores on customer_value.customer_id = scores.customer_id
    group by
        scores.rfm_score,
        coalesce(customer_value.value_tier, 'unknown'),
        coalesce(customer_value.churn_risk, 'unknown')
),

-- every tier and risk, all risks of a tier, all tiers of a risk, and everyone
bands_and_totals as (
    {% for tier in ['value_tier', "'all'"] -%}
    {% set tier_loop = loop -%}
    {% for risk in ['churn_risk', "'all'"] -%}
    select
        rfm_score,
        customer_count,
        historic_sales_amount,
        predicted_sales,
        {{ tier }} as value_tier,
        {{ risk }} as churn_risk
    from code_bands
    {{ 'union all' if not (loop.last and tier_loop.last) }}
    {% endfor -%}
    {% endfor %}
)

select
    codes.scheme,
    codes.segment,
    bands.value_tier,
    bands.churn_risk,
    cast(sum(bands.customer_count) as bigint) as customer_count,
    {{ sum_amount('bands.historic_sales_amount') }} as historic_sales_amount,
    cast(sum(bands.predicted_sales) as {{ type_double() }}) as predicted_sales_amount_next_12_months
from bands_and_totals as bands
inner join {{ ref('int_segment_codes') }} as codes on bands.rfm_score = codes.rfm_score
group by codes.scheme, codes.segment, bands.value_tier, bands.churn_risk
