-- A customer counts once in a period, on one day of it (macro is_first_in_period): what is counted per day adds up to every
-- period.
{%- set averages = vip_averages('customer_count', 'purchase_count') %}

with

periods as (
    select * from {{ ref('int_periods_spined') }}
),

-- what one condition after the other asks for is worked out once a row
customer_days as (
    select
        {% for grain in period_grains() -%}
        {{ period_start(grain, 'purchase_date') }} as {{ grain }}_start_date,
        {% endfor -%}
        *
    from {{ ref('int_customer_days') }}
),

customer_days_flagged as (
    select
        {% for grain in period_grains() -%}
        {{ is_first_in_period('vip_purchase_count > 0', 'previous_vip_purchase_date', grain ~ '_start_date') }} as is_first_in_{{ grain }},
        {{ is_new_in_period('first_purchase_date', grain ~ '_start_date') }} as is_new_in_{{ grain }},
        {% endfor -%}
        purchase_date,
        vip_purchase_count,
        vip_sales_amount
    from customer_days
),

customer_day_totals as (
    select
        purchase_date,
        {% for grain in period_grains() -%}
        count(*) filter (where is_first_in_{{ grain }}) as {{ grain }}_customer_count,
        count(*) filter (where is_first_in_{{ grain }} and is_new_in_{{ grain }}) as {{ grain }}_new_customer_count,
        {{ sum_amount('vip_sales_amount', 'is_new_in_' ~ grain) }} as {{ grain }}_new_customer_sales_amount,
        {% endfor -%}
        sum(vip_purchase_count) as purchase_count,
        {{ sum_amount('vip_sales_amount') }} as vip_sales_amount
    from customer_days_flagged
    group by purchase_date
),

customer_period_totals as (
    {% for grain in period_grains() -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'purchase_date') }} as period_start_date,
        sum({{ grain }}_customer_count) as customer_count,
        sum({{ grain }}_new_customer_count) as new_customer_count,
        {{ sum_amount(grain ~ '_new_customer_sales_amount') }} as new_customer_sales_amount,
        sum(purchase_count) as purchase_count,
        {{ sum_amount('vip_sales_amount') }} as vip_sales_amount
    from customer_day_totals
    group by {{ period_start(grain, 'purchase_date') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

day_totals as (
    select
        transaction_date,
        {{ sum_amount('amount', 'is_purchase') }} as sales_amount,
        {{ sum_amount('-amount', 'is_refund') }} as refund_amount
    from {{ ref('int_transactions_classified') }}
    group by transaction_date
),

period_totals as (
    {% for grain in period_grains() -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'transaction_date') }} as period_start_date,
        {{ sum_amount('sales_amount') }} as sales_amount,
        {{ sum_amount('refund_amount') }} as refund_amount
    from day_totals
    where {{ is_up_to_as_of('transaction_date') }}
    group by {{ period_start(grain, 'transaction_date') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

filled as (
    select
        periods.period_grain,
        periods.period_start_date,
        periods.is_complete,
        cast(coalesce(figures.customer_count, 0) as bigint) as customer_count,
        cast(coalesce(figures.new_customer_count, 0) as bigint) as new_customer_count,
        cast(coalesce(figures.customer_count - figures.new_customer_count, 0) as bigint) as returning_customer_count,
        cast(coalesce(figures.purchase_count, 0) as bigint) as purchase_count,
        coalesce(figures.vip_sales_amount, 0) as vip_sales_amount,
        coalesce(figures.new_customer_sales_amount, 0) as new_customer_sales_amount,
        coalesce(totals.sales_amount, 0) as sales_amount,
        coalesce(totals.refund_amount, 0) as refund_amount
    from periods
    left join customer_period_totals as figures
        on
            periods.period_grain = figures.period_grain
            and periods.period_start_date = figures.period_start_date
    left join period_totals as totals
        on
            periods.period_grain = totals.period_grain
            and periods.period_start_date = totals.period_start_date
)

select
    period_grain,
    period_start_date,
    is_complete,
    customer_count,
    new_customer_count,
    returning_customer_count,
    {{ averages.return_rate }} as return_rate,
    purchase_count,
    {{ averages.average_transaction_amount }} as average_transaction_amount,
    {{ averages.average_customer_amount }} as average_customer_amount,
    {{ rate('vip_sales_amount', 'sales_amount') }} as vip_sales_share,
    {{ averages.average_new_customer_amount }} as average_new_customer_amount,
    {{ averages.average_returning_customer_amount }} as average_returning_customer_amount,
    cast(vip_sales_amount as decimal(18, 2)) as vip_sales_amount,
    cast(sales_amount as decimal(18, 2)) as sales_amount,
    cast(refund_amount as decimal(18, 2)) as refund_amount,
    cast(sales_amount - refund_amount as decimal(18, 2)) as net_sales_amount
from filled
