-- Every mart holds events dated up to D only; without a D the facts are empty. Days of fct_segment_sales are the last 92.
{% set columns = [
    ('fct_transactions', 'transaction_date'),
    ('dim_customers', 'last_purchase_date'),
    ('fct_customer_rfm', 'as_of_date'),
    ('fct_customer_rfm_history', 'valid_from_date'),
    ('fct_customer_rfm_history', 'valid_to_date'),
    ('fct_segment_migration', 'as_of_date'),
    ('dash_segment_size', 'as_of_date'),
    ('fct_period_kpis', 'period_start_date'),
    ('fct_sales_trend', 'period_start_date'),
    ('fct_segment_sales', 'period_start_date'),
    ('fct_cohort_retention', 'cohort_month'),
    ('fct_campaign_attribution', 'transaction_date'),
    ('fct_customer_churn', 'month_start_date'),
    ('fct_revenue_tree', 'period_start_date'),
    ('fct_second_purchase', 'cohort_month'),
    ('fct_lead_funnel', 'cohort_month'),
    ('fct_open_leads', 'created_date'),
    ('fct_service_cases', 'period_start_date'),
    ('fct_satisfaction', 'period_start_date'),
    ('fct_journey_stages', 'month_start_date'),
    ('fct_kpi_board', 'period_start_date'),
    ('customer_360', 'last_purchase_date')
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
union all
select
    'days of fct_segment_sales' as place,
    sales.period_start_date as offending_date,
    as_of.as_of_date
from {{ ref('fct_segment_sales') }} as sales
cross join as_of
where sales.period_grain = 'day' and sales.period_start_date <= {{ date_plus('as_of.as_of_date', -92, 'day') }}
