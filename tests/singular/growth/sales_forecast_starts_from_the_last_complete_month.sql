-- With three complete months there is a forecast from the last of them, for three months; with fewer there is none. Its
-- history is that of the period table, and its naive rival is the same month a year before, or else that last month.
with

months as (
    select
        period_start_date as month_start_date,
        sales_amount
    from {{ ref('fct_period_kpis') }}
    where period_grain = 'month' and is_complete
),

bounds as (
    select
        count(*) as month_count,
        max(month_start_date) as last_month
    from months
),

predictions as (
    select
        trained_to_month as origin_month,
        forecast_month as target_month,
        step,
        trained_month_count,
        naive_sales_amount,
        cast(null as decimal(18, 2)) as actual_sales_amount
    from {{ ref('fct_sales_forecast') }}
    union all
    select
        origin_month,
        target_month,
        step,
        trained_month_count,
        naive_sales_amount,
        actual_sales_amount
    from {{ ref('fct_sales_forecast_backtest') }}
),

judged as (
    select
        predictions.*,
        origins.sales_amount as origin_sales_amount,
        years_before.sales_amount as year_before_sales_amount,
        targets.sales_amount as target_sales_amount,
        least(36, (
            select count(*) from months
            where months.month_start_date <= predictions.origin_month
        )) as expected_month_count
    from predictions
    left join months as origins on predictions.origin_month = origins.month_start_date
    left join months as targets on predictions.target_month = targets.month_start_date
    left join months as years_before
        on {{ date_plus('predictions.target_month', -1, 'year') }} = years_before.month_start_date
)

select
    'another history, month or naive forecast' as finding,
    origin_month,
    target_month
from judged
where
    origin_sales_amount is null
    or trained_month_count is distinct from expected_month_count
    or actual_sales_amount is distinct from target_sales_amount
    or naive_sales_amount is distinct from coalesce(year_before_sales_amount, origin_sales_amount)
union all
select
    'not three months from the last complete one' as finding,
    bounds.last_month as origin_month,
    cast(null as date) as target_month
from bounds
where (
    select count(*) from {{ ref('fct_sales_forecast') }} as forecasts
    where forecasts.trained_to_month = bounds.last_month
) <> case when bounds.month_count >= 3 then 3 else 0 end
union all
-- the first month that can be predicted so far ahead is the third one and those months later
select
    'not the last twelve complete months' as finding,
    bounds.last_month as origin_month,
    cast(null as date) as target_month
from bounds
where (
    select count(*) from {{ ref('fct_sales_forecast_backtest') }} as backtests
    where backtests.target_month > {{ date_plus('bounds.last_month', -12, 'month') }}
) <> greatest(0, least(12, bounds.month_count - 3))
+ greatest(0, least(12, bounds.month_count - 4))
+ greatest(0, least(12, bounds.month_count - 5))
