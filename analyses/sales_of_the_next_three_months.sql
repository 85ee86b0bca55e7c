-- Question: what will the next three months bring, and how sure is that?
-- Reading:  one row per month. Plan with recommended_amount: the forecast where it has beaten the same month a year before in
--           the backtest, that month's sales otherwise. The usual error is the mean over the backtest; single months were
--           off by more. A month that has begun is predicted as a whole, whatever has been sold so far.
-- Marts:    fct_sales_forecast
with

forecasts as (
    select
        *,
        cast(predicted_sales_amount as decimal(18, 2)) as forecast_amount,
        case when is_better_than_naive then backtest_error_rate else naive_error_rate end as usual_error_rate
    from {{ ref('fct_sales_forecast') }}
),

chosen as (
    select
        *,
        case when is_better_than_naive then forecast_amount else naive_sales_amount end as recommended_amount
    from forecasts
)

select
    forecast_month,
    forecast_method,
    forecast_amount,
    naive_sales_amount,
    backtest_error_rate,
    naive_error_rate,
    backtest_count,
    recommended_amount,
    usual_error_rate,
    cast(round(recommended_amount * (1 - usual_error_rate), 2) as decimal(18, 2)) as usual_low,
    cast(round(recommended_amount * (1 + usual_error_rate), 2) as decimal(18, 2)) as usual_high
from chosen
order by forecast_month
