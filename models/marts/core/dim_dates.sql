with

as_of as (
    select
        as_of_date,
        {{ period_start('year', 'least(first_transaction_date, as_of_date)') }} as first_date,
        {{ date_plus(date_plus(period_start('year', 'as_of_date'), 1, 'year'), -1, 'day') }} as last_date
    from {{ ref('int_as_of') }}
),

days as (
    {{ date_series('first_date', 'last_date', 'as_of') }}
)

select
    days.date_day,
    {{ period_start('week', 'days.date_day') }} as week_start_date,
    {{ period_start('month', 'days.date_day') }} as month_start_date,
    {{ period_start('quarter', 'days.date_day') }} as quarter_start_date,
    {{ period_start('year', 'days.date_day') }} as year_start_date,
    cast(extract(year from days.date_day) as integer) as year_number,
    cast(extract(quarter from days.date_day) as integer) as quarter_of_year,
    cast(extract(month from days.date_day) as integer) as month_of_year,
    cast(extract(day from days.date_day) as integer) as day_of_month,
    {{ days_between(period_start('week', 'days.date_day'), 'days.date_day') }} + 1 as day_of_week,
    days.date_day <= as_of.as_of_date as is_on_or_before_as_of_date
from days
cross join as_of
