{{ config(materialized='view') }}

with

-- days of identified purchases up to D; NULL without any
bounds as (
    select
        as_of.as_of_date,
        min(customer_days.purchase_date) as first_purchase_date
    from {{ ref('int_as_of') }} as as_of
    inner join {{ ref('int_customer_days') }} as customer_days on as_of.as_of_date >= customer_days.purchase_date
    group by as_of.as_of_date
),

spans as (
    select
        as_of_date,
        {{ days_between('first_purchase_date', 'as_of_date') }} as span_days
    from bounds
),

-- the holdout is 26 weeks, or half of the time there is
fits as (
    select
        'prediction' as purpose,
        as_of_date as fit_date
    from spans
    union all
    select
        'holdout' as purpose,
        {{ date_plus('as_of_date', '-least(182, cast(floor(span_days / 2.0) as integer))', 'day') }} as fit_date
    from spans
)

select
    fits.purpose,
    fits.fit_date,
    fitted.fitted_as_of
from fits
left join {{ ref('customer_value_parameters') }} as fitted on fits.purpose = fitted.purpose
