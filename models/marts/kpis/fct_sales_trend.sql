with

periods as (
    select * from {{ ref('int_periods_spined') }}
),

day_totals as (
    select
        transaction_date,
        {{ sum_amount('amount') }} as total_sales_amount,
        {{ sum_amount('amount', 'is_crm_sale') }} as crm_sales_amount,
        {{ sum_amount('amount', 'is_ecommerce_sale') }} as ecommerce_sales_amount
    from {{ ref('fct_transactions') }}
    where is_purchase
    group by transaction_date
),

period_totals as (
    {% for grain in period_grains() -%}
    select
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'transaction_date') }} as period_start_date,
        {{ sum_amount('total_sales_amount') }} as total_sales_amount,
        {{ sum_amount('crm_sales_amount') }} as crm_sales_amount,
        {{ sum_amount('ecommerce_sales_amount') }} as ecommerce_sales_amount
    from day_totals
    group by {{ period_start(grain, 'transaction_date') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

filled as (
    select
        periods.*,
        cast(coalesce(totals.total_sales_amount, 0) as decimal(18, 2)) as total_sales_amount,
        cast(coalesce(totals.crm_sales_amount, 0) as decimal(18, 2)) as crm_sales_amount,
        cast(coalesce(totals.ecommerce_sales_amount, 0) as decimal(18, 2)) as ecommerce_sales_amount
    from periods
    left join period_totals as totals
        on
            periods.period_grain = totals.period_grain
            and periods.period_start_date = totals.period_start_date
),

complete as (
    select * from filled
    where is_complete
)

select
    filled.period_grain,
    filled.period_start_date,
    filled.is_complete,
    filled.total_sales_amount,
    filled.crm_sales_amount,
    filled.ecommerce_sales_amount,
    {{ rate('filled.crm_sales_amount', 'filled.total_sales_amount') }} as crm_sales_share,
    {{ rate('filled.ecommerce_sales_amount', 'filled.total_sales_amount') }} as ecommerce_sales_share,
    {{ change('filled.total_sales_amount', 'previous_periods.total_sales_amount') }} as total_sales_amount_change_on_previous_period,
    {{ change('filled.total_sales_amount', 'previous_years.total_sales_amount') }} as total_sales_amount_change_on_previous_year,
    {{ change('filled.crm_sales_amount', 'previous_periods.crm_sales_amount') }} as crm_sales_amount_change_on_previous_period,
    {{ change('filled.crm_sales_amount', 'previous_years.crm_sales_amount') }} as crm_sales_amount_change_on_previous_year,
    {{ change('filled.ecommerce_sales_amount', 'previous_periods.ecommerce_sales_amount') }} as ecommerce_sales_amount_change_on_previous_period,
    {{ change('filled.ecommerce_sales_amount', 'previous_years.ecommerce_sales_amount') }} as ecommerce_sales_amount_change_on_previous_year
from filled
-- an incomplete period is compared with nothing, and nothing with it
left join complete as previous_periods
    on
        filled.is_complete
        and filled.period_grain = previous_periods.period_grain
        and filled.previous_period_start_date = previous_periods.period_start_date
left join complete as previous_years
    on
        filled.is_complete
        and filled.period_grain = previous_years.period_grain
        and filled.previous_year_start_date = previous_years.period_start_date
