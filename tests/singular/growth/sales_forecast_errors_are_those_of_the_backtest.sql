-- The error rates shown beside the forecast are means of what the backtest shows, to the last digit.
with

expected as (
    select
        step,
        count(absolute_error_rate) as backtest_count,
        sum(absolute_error_rate) as error_rate_sum,
        sum(naive_absolute_error_rate) as naive_error_rate_sum
    from {{ ref('fct_sales_forecast_backtest') }}
    group by step
)

select
    forecasts.step,
    forecasts.backtest_count,
    expected.backtest_count as expected_backtest_count,
    forecasts.backtest_error_rate,
    expected.error_rate_sum,
    forecasts.naive_error_rate,
    expected.naive_error_rate_sum
from {{ ref('fct_sales_forecast') }} as forecasts
left join expected on forecasts.step = expected.step
where
    forecasts.backtest_count is distinct from coalesce(expected.backtest_count, 0)
    or not coalesce(
        abs(forecasts.backtest_error_rate * forecasts.backtest_count - expected.error_rate_sum) <= 0.0000005 * forecasts.backtest_count
        and abs(forecasts.naive_error_rate * forecasts.backtest_count - expected.naive_error_rate_sum)
        <= 0.0000005 * forecasts.backtest_count
        and forecasts.is_better_than_naive = (forecasts.backtest_error_rate < forecasts.naive_error_rate),
        coalesce(expected.backtest_count, 0) = 0 and forecasts.backtest_error_rate is null and forecasts.is_better_than_naive is null
    )
