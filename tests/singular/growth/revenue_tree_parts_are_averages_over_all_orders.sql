-- What each factor changes, averaged over the six orders of changing them one after another, worked out once more along
-- these orders and in floating point: to within a cent and what doubles leave open.
{% set orders = [
    ['customers', 'frequency', 'amount'],
    ['customers', 'amount', 'frequency'],
    ['frequency', 'customers', 'amount'],
    ['frequency', 'amount', 'customers'],
    ['amount', 'customers', 'frequency'],
    ['amount', 'frequency', 'customers']
] -%}
{% set factors = orders[0] -%}
with

factors as (
    select
        period_grain,
        period_start_date,
        cast(customer_count as {{ type_double() }}) as customers,
        cast(purchase_count as {{ type_double() }}) / nullif(customer_count, 0) as frequency,
        cast(vip_sales_amount as {{ type_double() }}) / nullif(purchase_count, 0) as amount
    from {{ ref('fct_period_kpis') }}
),

compared as (
    select
        factors.*,
        {% for factor in factors -%}
        lag(factors.{{ factor }}) over (
            partition by factors.period_grain order by factors.period_start_date
        ) as old_{{ factor }}{{ ',' if not loop.last }}
        {% endfor %}
    from factors
),

expected as (
    select
        period_grain,
        period_start_date,
        customers * frequency * amount as sales_amount,
        {% for factor in factors -%}
        {%- set steps = [] -%}
        {%- for order in orders -%}
            {%- set product = [factor ~ ' - old_' ~ factor] -%}
            {%- for other in factors if other != factor -%}
                {%- do product.append(other if order.index(other) < order.index(factor) else 'old_' ~ other) -%}
            {%- endfor -%}
            {%- do steps.append('(' ~ product[0] ~ ') * ' ~ product[1:] | join(' * ')) -%}
        {%- endfor -%}
        (
            {{ steps | join('\n            + ') }}
        ) / 6 as {{ factor }}_effect{{ ',' if not loop.last }}
        {% endfor %}
    from compared
)

select
    tree.*,
    expected.customers_effect,
    expected.frequency_effect,
    expected.amount_effect
from {{ ref('fct_revenue_tree') }} as tree
inner join expected on tree.period_grain = expected.period_grain and tree.period_start_date = expected.period_start_date
where
    tree.customer_effect_amount is not null
    and not coalesce(greatest(
        abs(tree.customer_effect_amount - expected.customers_effect),
        abs(tree.frequency_effect_amount - expected.frequency_effect),
        -- what the two others leave: half a cent of each
        abs(tree.transaction_value_effect_amount - expected.amount_effect) / 2
    ) <= 0.005001 + 0.000000000001 * expected.sales_amount, false)
