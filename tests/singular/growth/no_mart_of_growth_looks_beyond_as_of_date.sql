-- Churn, tree and cohorts hold events dated up to D; the forecast knows the months that were over by then, and the backtest
-- predicts no other month.
{% set columns = [
    ('fct_customer_churn', 'month_start_date'),
    ('fct_revenue_tree', 'period_start_date'),
    ('fct_second_purchase', 'cohort_month')
] -%}
{% set months = [
    ('fct_sales_forecast', 'trained_to_month'),
    ('fct_sales_forecast_backtest', 'target_month')
] -%}
with

as_of as (
    select * from {{ ref('int_as_of') }}
),

last_dates as (
    {% for model, column in columns -%}
    select
        '{{ model }}.{{ column }}' as place,
        max({{ column }}) as last_date
    from {{ ref(model) }}
    union all
    {% endfor -%}
    {% for model, column in months -%}
    select
        '{{ model }}.{{ column }}' as place,
        {{ date_plus(date_plus('max(' ~ column ~ ')', 1, 'month'), -1, 'day') }} as last_date
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    last_dates.place,
    last_dates.last_date as offending_date,
    as_of.as_of_date
from last_dates
cross join as_of
where not coalesce(last_dates.last_date <= as_of.as_of_date, last_dates.last_date is null)
