{#- while dbt parses, the variable is not checked yet -#}
{% set discount_rate = var('annual_discount_rate') if is_rate(var('annual_discount_rate')) else 0 -%}
{% set months = 12 -%}
with

parameters as (
    select * from {{ ref('int_customer_value_parameters') }}
),

-- many customers share these two figures, and nothing else about a customer matters here
pairs as (
    select distinct
        parameters.purpose,
        measured.repeat_purchase_day_count,
        measured.tenure_days,
        parameters.r + measured.repeat_purchase_day_count as shape,
        parameters.horizon_days / (7 * parameters.alpha + measured.tenure_days) as reach
    from {{ ref('int_customer_value_measured') }} as measured
    inner join parameters on measured.sample_date = parameters.sample_date
),

spread as (
    select
        pairs.*,
        points.dropout_probability,
        points.weight
    from pairs
    inner join {{ ref('int_dropout_points') }} as points
        on
            pairs.purpose = points.purpose
            and pairs.repeat_purchase_day_count = points.repeat_purchase_day_count
),

-- Purchases of a month are discounted from its end. Written with the counts up to the end of each month, every count is taken times what the
-- discount loses in the next month, the last one times its whole discount. Only the first forecast is discounted.
weighed as (
    select
        purpose,
        repeat_purchase_day_count,
        tenure_days,
        weight * ({{ purchases_given_dropout('dropout_probability', 'shape', 'reach') }}) as purchases,
        case
            when purpose = 'prediction' then weight * (
                {% for month in range(1, months + 1) -%}
                {% set discount = (1 + discount_rate) ** (-month / months) -%}
                {% set next_discount = (1 + discount_rate) ** (-(month + 1) / months) if month < months else 0 -%}
                cast({{ discount - next_discount }} as {{ type_double() }})
                * ({{ purchases_given_dropout('dropout_probability', 'shape', '(reach * ' ~ month ~ ' / ' ~ months ~ ')') }}){{ ' +' if not loop.last }}
                {% endfor %}
            )
        end as discounted_purchases
    from spread
)

-- decimals, because their sum does not depend on the order of rows
select
    purpose,
    repeat_purchase_day_count,
    tenure_days,
    cast(sum(cast(purchases as decimal(38, 18))) as {{ type_double() }}) as expected_purchase_count_if_alive,
    cast(sum(cast(discounted_purchases as decimal(38, 18))) as {{ type_double() }}) as discounted_purchase_count_if_alive
from weighed
group by purpose, repeat_purchase_day_count, tenure_days
