-- Every mart holds events dated up to D only, and so does what those are counted from that show periods only; without a D they are empty.
-- The forecast knows the months that were over by D, and the backtest predicts no other month. Days of fct_segment_sales are the last 92.
-- Contacts, touches and audiences have campaign_marts_do_not_look_beyond_as_of_date. Attributes and predictions may be of any day.
{% set columns = [
    ('fct_transactions', 'transaction_date'),
    ('dim_customers', 'first_purchase_date'),
    ('dim_customers', 'last_purchase_date'),
    ('fct_customer_rfm', 'as_of_date'),
    ('fct_customer_rfm_history', 'valid_from_date'),
    ('fct_customer_rfm_history', 'valid_to_date'),
    ('fct_segment_split', 'as_of_date'),
    ('fct_segment_migration', 'as_of_date'),
    ('fct_period_kpis', 'period_start_date'),
    ('fct_sales_trend', 'period_start_date'),
    ('fct_segment_sales', 'period_start_date'),
    ('fct_cohort_retention', 'cohort_month'),
    ('fct_customer_churn', 'month_start_date'),
    ('fct_revenue_tree', 'period_start_date'),
    ('fct_second_purchase', 'cohort_month'),
    ('fct_customer_value', 'as_of_date'),
    ('fct_customer_value_holdout', 'as_of_date'),
    ('fct_customer_value_holdout', 'calibration_end_date'),
    ('fct_customers_at_risk', 'as_of_date'),
    ('fct_customers_at_risk', 'last_purchase_date'),
    ('fct_lead_funnel', 'cohort_month'),
    ('fct_open_leads', 'as_of_date'),
    ('fct_open_leads', 'created_date'),
    ('fct_service_cases', 'period_start_date'),
    ('fct_satisfaction', 'period_start_date'),
    ('fct_journey_stages', 'month_start_date'),
    ('fct_kpi_board', 'period_start_date'),
    ('customer_360', 'as_of_date'),
    ('customer_360', 'first_purchase_date'),
    ('customer_360', 'last_purchase_date'),
    ('customer_360', 'journey_month'),
    ('dash_lead_funnel', 'cohort_month'),
    ('dash_segment_size', 'as_of_date'),
    ('dash_settings', 'as_of_date'),
    ('int_customer_days', 'purchase_date'),
    ('int_leads_classified', 'created_date'),
    ('int_leads_classified', 'closed_date'),
    ('int_interactions_classified', 'occurred_date'),
    ('int_interactions_classified', 'resolved_date'),
    ('int_surveys_classified', 'responded_date')
] -%}
{% set months = [
    ('fct_sales_forecast', 'trained_to_month'),
    ('fct_sales_forecast_backtest', 'origin_month'),
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
),

later_transactions as (
    select
        classified.transaction_id,
        classified.transaction_date,
        as_of.as_of_date
    from {{ ref('int_transactions_classified') }} as classified
    cross join as_of
    where not coalesce(classified.transaction_date <= as_of.as_of_date, false)
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
union all
-- a line has the day of its transaction
select
    'transactions of fct_transaction_lines' as place,
    later_transactions.transaction_date as offending_date,
    later_transactions.as_of_date
from later_transactions
inner join {{ ref('fct_transaction_lines') }} as transaction_lines on later_transactions.transaction_id = transaction_lines.transaction_id
