{{ config(materialized='view') }}

with

parameters as (
    select * from {{ ref('customer_value_parameters') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

-- what the parameters are used for: forecasts from D, and a trial of forecasts from the day up to which the holdout row was fitted
uses as (
    select
        parameters.*,
        case when parameters.purpose = 'prediction' then as_of.as_of_date else parameters.fitted_as_of end as sample_date,
        case when parameters.purpose = 'prediction' then 365 else {{ days_between('parameters.fitted_as_of', 'as_of.as_of_date') }} end as horizon_days
    from parameters
    cross join as_of
)

select
    purpose,
    sample_date,
    horizon_days,
    cast(r as {{ type_double() }}) as r,
    cast(alpha as {{ type_double() }}) as alpha,
    cast(a as {{ type_double() }}) as a,
    cast(b as {{ type_double() }}) as b,
    cast(p as {{ type_double() }}) as p,
    cast(q as {{ type_double() }}) as q,
    cast(v as {{ type_double() }}) as v
from uses
where sample_date is not null and horizon_days > 0
