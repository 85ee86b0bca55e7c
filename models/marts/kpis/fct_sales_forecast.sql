with

forecasts as (
    select * from {{ ref('int_sales_forecasted') }}
    where is_forecast
),

-- a month without sales has no error rate and is left out of both means
backtests as (
    select
        step,
        count(absolute_error_rate) as backtest_count,
        sum({{ whole_number('cast(absolute_error_rate as decimal(38, 6)) * 1000000') }}) as error_millionths,
        sum({{ whole_number('cast(naive_absolute_error_rate as decimal(38, 6)) * 1000000') }}) as naive_error_millionths
    from {{ ref('fct_sales_forecast_backtest') }}
    group by step
),

averaged as (
    select
        step,
        backtest_count,
        {{ rate('error_millionths', '1000000 * backtest_count') }} as backtest_error_rate,
        {{ rate('naive_error_millionths', '1000000 * backtest_count') }} as naive_error_rate
    from backtests
)

select
    forecasts.target_month as forecast_month,
    forecasts.step,
    forecasts.origin_month as trained_to_month,
    forecasts.trained_month_count,
    forecasts.forecast_method,
    cast(forecasts.trend_sales_amount as {{ type_double() }}) as predicted_trend_amount,
    forecasts.seasonal_index,
    cast(forecasts.predicted_sales_amount as {{ type_double() }}) as predicted_sales_amount,
    forecasts.naive_sales_amount,
    cast(coalesce(averaged.backtest_count, 0) as bigint) as backtest_count,
    averaged.backtest_error_rate,
    averaged.naive_error_rate,
    averaged.backtest_error_rate < averaged.naive_error_rate as is_better_than_naive
from forecasts
left join averaged on forecasts.step = averaged.step
