-- The tree has the periods and figures of the period table, and the change on the period before wherever both are complete
-- and have sales, with its parts.
with

kpis as (
    select
        *,
        lag(vip_sales_amount) over in_time as earlier_vip_sales_amount,
        coalesce(
            is_complete and vip_sales_amount > 0 and lag(is_complete) over in_time and lag(vip_sales_amount) over in_time > 0, false
        ) as is_comparable
    from {{ ref('fct_period_kpis') }}
    window in_time as (partition by period_grain order by period_start_date)
)

select
    tree.vip_sales_amount,
    kpis.vip_sales_amount as expected_vip_sales_amount,
    tree.vip_sales_amount_change,
    tree.customer_effect_amount,
    coalesce(tree.period_grain, kpis.period_grain) as period_grain,
    coalesce(tree.period_start_date, kpis.period_start_date) as period_start_date
from {{ ref('fct_revenue_tree') }} as tree
full outer join kpis on tree.period_grain = kpis.period_grain and tree.period_start_date = kpis.period_start_date
where
    tree.is_complete is distinct from kpis.is_complete
    or tree.customer_count is distinct from kpis.customer_count
    or tree.purchase_count is distinct from kpis.purchase_count
    or tree.average_transaction_amount is distinct from kpis.average_transaction_amount
    or tree.vip_sales_amount is distinct from kpis.vip_sales_amount
    or tree.vip_sales_amount_change
    is distinct from case when kpis.is_comparable then kpis.vip_sales_amount - kpis.earlier_vip_sales_amount end
    or (tree.customer_effect_amount is not null) is distinct from kpis.is_comparable
