select
    origin_month,
    target_month,
    step,
    forecast_method,
    trained_month_count,
    actual_sales_amount,
    cast(predicted_sales_amount as {{ type_double() }}) as predicted_sales_amount,
    naive_sales_amount,
    {{ rate('abs(predicted_sales_amount - actual_sales_amount)', 'actual_sales_amount') }} as absolute_error_rate,
    {{ rate('abs(naive_sales_amount - actual_sales_amount)', 'actual_sales_amount') }} as naive_absolute_error_rate
from {{ ref('int_sales_forecasted') }}
where not is_forecast
