select
    as_of_date,
    {{ sql_text(var('rfm_method')) }} as rfm_method,
    cast({{ var('rfm_window_days') }} as integer) as rfm_window_days,
    {{ sql_text(var('vip_definition')) }} as vip_definition,
    cast({{ var('churn_days') }} as integer) as churn_days,
    {{ sql_text(var('reporting_timezone')) }} as reporting_timezone,
    {{ sql_text(var('currency')) }} as currency,
    {{ sql_text(var('locale')) }} as locale  -- noqa: RF04
from {{ ref('int_as_of') }}
