-- Where nothing is split, the row of everyone is the period's own: customers, VIP sales and averages of fct_period_kpis, CRM and
-- e-commerce sales of fct_sales_trend.
{%- set columns = {
    'kpis.customer_count': 'vip_customer_count',
    'kpis.new_customer_count': 'new_customer_count',
    'kpis.returning_customer_count': 'returning_customer_count',
    'kpis.return_rate': 'return_rate',
    'kpis.purchase_count': 'vip_purchase_count',
    'kpis.vip_sales_amount': 'vip_sales_amount',
    'kpis.average_transaction_amount': 'average_transaction_amount',
    'kpis.average_customer_amount': 'average_customer_amount',
    'kpis.average_new_customer_amount': 'average_new_customer_amount',
    'kpis.average_returning_customer_amount': 'average_returning_customer_amount',
    'kpis.vip_sales_share': 'sales_share',
    'kpis.sales_amount': 'sales_amount',
    'trend.total_sales_amount': 'sales_amount',
    'trend.crm_sales_amount': 'crm_sales_amount',
    'trend.ecommerce_sales_amount': 'ecommerce_sales_amount'
} %}

with

everyone as (
    select * from {{ ref('fct_segment_sales') }}
    where segment = 'all' and dimension = 'all'
),

schemes as (
    select distinct scheme from {{ ref('dim_segments') }}
)

select
    schemes.scheme,
    kpis.period_grain,
    kpis.period_start_date
from {{ ref('fct_period_kpis') }} as kpis
inner join {{ ref('fct_sales_trend') }} as trend
    on kpis.period_grain = trend.period_grain and kpis.period_start_date = trend.period_start_date
cross join {{ ref('int_as_of') }} as as_of
cross join schemes
left join everyone
    on
        schemes.scheme = everyone.scheme
        and kpis.period_grain = everyone.period_grain
        and kpis.period_start_date = everyone.period_start_date
where
    -- there is no row without a purchase, and none of a day that is older
    kpis.sales_amount <> 0
    and (kpis.period_grain <> 'day' or kpis.period_start_date > {{ date_plus('as_of.as_of_date', -92, 'day') }})
    and (
        everyone.scheme is null
        {%- for of_period, of_segments in columns.items() %}
        or {{ of_period }} is distinct from everyone.{{ of_segments }}
        {%- endfor %}
    )
