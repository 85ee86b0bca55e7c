-- Sales, refunds, VIP sales and customers of every period, counted once more from the transactions.
with

first_purchases as (
    select
        customer_id,
        transaction_date as first_purchase_date
    from {{ ref('fct_transactions') }}
    where is_first_purchase
),

bookings as (
    select
        events.*,
        first_purchases.first_purchase_date
    from {{ ref('fct_transactions') }} as events
    left join first_purchases on events.customer_id = first_purchases.customer_id
    where events.is_purchase or events.is_refund
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
    from bookings
    group by {{ start }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    kpis.customer_count,
    expected.customer_count as expected_customer_count,
    kpis.new_customer_count,
    expected.new_customer_count as expected_new_customer_count,
    kpis.purchase_count,
    expected.purchase_count as expected_purchase_count,
    kpis.vip_sales_amount,
    expected.vip_sales_amount as expected_vip_sales_amount,
    kpis.sales_amount,
    expected.sales_amount as expected_sales_amount,
    kpis.refund_amount,
    expected.refund_amount as expected_refund_amount,
    coalesce(kpis.period_grain, expected.period_grain) as period_grain,
    coalesce(kpis.period_start_date, expected.period_start_date) as period_start_date
from {{ ref('fct_period_kpis') }} as kpis
full outer join expected on kpis.period_grain = expected.period_grain and kpis.period_start_date = expected.period_start_date
where
    kpis.customer_count is distinct from coalesce(expected.customer_count, 0)
    or kpis.new_customer_count is distinct from coalesce(expected.new_customer_count, 0)
    or kpis.purchase_count is distinct from coalesce(expected.purchase_count, 0)
    or kpis.vip_sales_amount is distinct from coalesce(expected.vip_sales_amount, 0)
    or kpis.sales_amount is distinct from coalesce(expected.sales_amount, 0)
    or kpis.refund_amount is distinct from coalesce(expected.refund_amount, 0)
