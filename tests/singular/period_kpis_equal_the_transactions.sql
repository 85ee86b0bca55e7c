-- Sales, refunds, VIP sales and customers of every period, counted once more from the transactions.
with

first_purchases as (
    select
        customer_id,
        transaction_date as first_purchase_date
    from {{ ref('fct_transactions') }}
    where is_first_purchase
),

transactions as (
    select
        transactions.*,
        first_purchases.first_purchase_date
    from {{ ref('fct_transactions') }} as transactions
    left join first_purchases on transactions.customer_id = first_purchases.customer_id
    where transactions.is_purchase or transactions.is_refund
),

expected as (
    {% for grain in period_grains() -%}
    {%- set start = period_start(grain, 'transaction_date') -%}
    select
        '{{ grain }}' as period_grain,
        {{ start }} as period_start_date,
        count(distinct case when is_vip_sale then customer_id end) as customer_count,
        count(distinct case when is_vip_sale and first_purchase_date >= {{ start }} then customer_id end) as new_customer_count,
        sum(case when is_vip_sale then 1 else 0 end) as purchase_count,
        sum(case when is_vip_sale then amount else 0 end) as vip_sales_amount,
        sum(case when is_purchase then amount else 0 end) as sales_amount,
        sum(case when is_refund then -amount else 0 end) as refund_amount
    from transactions
    group by {{ start }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)
{% set figures = ['customer_count', 'new_customer_count', 'purchase_count', 'vip_sales_amount', 'sales_amount', 'refund_amount'] %}
select
    coalesce(kpis.period_grain, expected.period_grain) as period_grain,
    coalesce(kpis.period_start_date, expected.period_start_date) as period_start_date,
    {% for figure in figures -%}
    kpis.{{ figure }},
    expected.{{ figure }} as expected_{{ figure }}{{ ',' if not loop.last }}
    {% endfor -%}
from {{ ref('fct_period_kpis') }} as kpis
full outer join expected on kpis.period_grain = expected.period_grain and kpis.period_start_date = expected.period_start_date
where
    {% for figure in figures -%}
    kpis.{{ figure }} is distinct from coalesce(expected.{{ figure }}, 0){{ ' or' if not loop.last }}
    {% endfor %}
