-- Question: how much do campaign-driven (CRM) sales weigh, by month and channel?
-- Reading:  the last twelve complete months. crm_sales_share is the share of a channel's sales of that month that a
--           campaign brought; the rows with channel `all` are the months as a whole. CRM and e-commerce sales overlap:
--           never add the one to the other. A purchase within the window of a contact counts, whether or not the
--           contact caused it: for the effect of a campaign compare with its control group.
-- Marts:    fct_transactions, fct_period_kpis
with

months as (
    select
        period_start_date,
        sales_amount
    from {{ ref('fct_period_kpis') }}
    where period_grain = 'month' and is_complete
    order by period_start_date desc
    limit 12
),

channel_months as (
    select
        {{ period_start('month', 'transaction_date') }} as month_start_date,
        coalesce(channel, 'unknown') as channel,
        count(*) as purchase_count,
        count(*) filter (where is_crm_sale) as crm_purchase_count,
        {{ sum_amount('amount') }} as sales_amount,
        {{ sum_amount('amount', 'is_crm_sale') }} as crm_sales_amount
    from {{ ref('fct_transactions') }}
    where is_purchase
    group by {{ period_start('month', 'transaction_date') }}, coalesce(channel, 'unknown')
),

totalled as (
    select * from channel_months
    union all
    select
        month_start_date,
        'all' as channel,
        cast(sum(purchase_count) as bigint) as purchase_count,
        cast(sum(crm_purchase_count) as bigint) as crm_purchase_count,
        {{ sum_amount('sales_amount') }} as sales_amount,
        {{ sum_amount('crm_sales_amount') }} as crm_sales_amount
    from channel_months
    group by month_start_date
)

select
    totalled.month_start_date,
    totalled.channel,
    totalled.purchase_count,
    totalled.crm_purchase_count,
    totalled.sales_amount,
    totalled.crm_sales_amount,
    {{ rate('totalled.crm_sales_amount', 'totalled.sales_amount') }} as crm_sales_share
from totalled
inner join months on totalled.month_start_date = months.period_start_date
order by totalled.month_start_date, case when totalled.channel = 'all' then 0 else 1 end, totalled.channel
