-- The trend and the period table show the same periods and sales; CRM and e-commerce sales are those of the transactions.
with

purchases as (
    select * from {{ ref('fct_transactions') }}
    where is_purchase
),

expected as (
    {% for grain in period_grains() -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'transaction_date') }} as period_start_date,
        sum(amount) as total_sales_amount,
        sum(case when is_crm_sale then amount else 0 end) as crm_sales_amount,
        sum(case when is_ecommerce_sale then amount else 0 end) as ecommerce_sales_amount
    from purchases
    group by {{ period_start(grain, 'transaction_date') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    trend.total_sales_amount,
    kpis.sales_amount,
    expected.total_sales_amount as expected_sales_amount,
    trend.crm_sales_amount,
    expected.crm_sales_amount as expected_crm_sales_amount,
    trend.ecommerce_sales_amount,
    expected.ecommerce_sales_amount as expected_ecommerce_sales_amount,
    coalesce(trend.period_grain, kpis.period_grain) as period_grain,
    coalesce(trend.period_start_date, kpis.period_start_date) as period_start_date
from {{ ref('fct_sales_trend') }} as trend
full outer join {{ ref('fct_period_kpis') }} as kpis
    on trend.period_grain = kpis.period_grain and trend.period_start_date = kpis.period_start_date
full outer join expected
    on trend.period_grain = expected.period_grain and trend.period_start_date = expected.period_start_date
where
    trend.total_sales_amount is distinct from kpis.sales_amount
    or trend.is_complete is distinct from kpis.is_complete
    or trend.total_sales_amount is distinct from coalesce(expected.total_sales_amount, 0)
    or trend.crm_sales_amount is distinct from coalesce(expected.crm_sales_amount, 0)
    or trend.ecommerce_sales_amount is distinct from coalesce(expected.ecommerce_sales_amount, 0)
