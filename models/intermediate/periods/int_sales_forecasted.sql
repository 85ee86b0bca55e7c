-- One query for the forecast and for its backtest: what is predicted from the last complete month is the forecast, and what
-- is predicted in the same way from each month before it, and from nothing later than that month, is the backtest.
-- Sums are of whole numbers and every quotient is rounded once, so that the same data give the same forecast anywhere.
with

periods as (
    select * from {{ ref('int_periods_spined') }}
),

sales as (
    select
        {{ period_start('month', 'transaction_date') }} as month_start_date,
        {{ sum_amount('amount') }} as sales_amount
    from {{ ref('int_transactions_classified') }}
    where
        is_purchase
        and {{ is_up_to_as_of('transaction_date') }}
    group by {{ period_start('month', 'transaction_date') }}
),

-- complete months, without a gap
months as (
    select
        periods.period_start_date as month_start_date,
        {{ month_index('periods.period_start_date') }} as month_number,
        coalesce(sales.sales_amount, 0) as sales_amount,
        {{ cents('coalesce(sales.sales_amount, 0)') }} as sales_cents
    from periods
    left join sales on periods.period_start_date = sales.month_start_date
    where periods.period_grain = 'month' and periods.is_complete
),

-- twice the year around a month: from six months before to six after, of which the first and the last count once
months_in_order as (
    select
        *,
        sum(sales_cents) over (order by month_number rows between 6 preceding and 6 following)
        + sum(sales_cents) over (order by month_number rows between 5 preceding and 5 following) as two_years_around_cents
    from months
),

bounds as (
    select
        min(month_number) as first_month_number,
        max(month_number) as last_month_number
    from months
),

-- the last complete month, and those from which the last twelve can be predicted up to three months ahead
origins as (
    select
        months.month_start_date as origin_month,
        months.month_number as origin_number,
        bounds.last_month_number,
        cast(least(36, months.month_number - bounds.first_month_number + 1) as integer) as trained_month_count
    from months
    cross join bounds
    where
        months.month_number >= bounds.first_month_number + 2
        and months.month_number > bounds.last_month_number - 15
),

-- a month's place is counted from the origin, whose own place is 0
history as (
    select
        origins.origin_number,
        origins.trained_month_count,
        months_in_order.sales_cents,
        months_in_order.two_years_around_cents,
        months_in_order.month_number - origins.origin_number as place,
        (months_in_order.month_number - 1) % 12 + 1 as calendar_month
    from origins
    inner join months_in_order
        on
            origins.origin_number >= months_in_order.month_number
            and origins.origin_number - origins.trained_month_count < months_in_order.month_number
),

last_years as (
    select
        origin_number,
        sum(sales_cents) as year_cents
    from history
    where place > -12
    group by origin_number
),

-- With two years of history a month is held against the year around it, which must have passed by the origin; with one
-- year against that year.
season as (
    select
        history.origin_number,
        history.calendar_month,
        {{ rate(
            '24 * sum(history.sales_cents)',
            'sum(case when history.trained_month_count >= 24 then history.two_years_around_cents else 2 * last_years.year_cents end)'
        ) }} as seasonal_index
    from history
    inner join last_years on history.origin_number = last_years.origin_number
    where
        (history.trained_month_count >= 24 and history.place between 7 - history.trained_month_count and -6)
        or (history.trained_month_count between 12 and 23 and history.place > -12)
    group by history.origin_number, history.calendar_month
),

-- a calendar month that never sells leaves nothing to divide by: it is no point of the line
points as (
    select
        history.origin_number,
        history.place,
        {{ cents(divide(
            'history.sales_cents * 10000', whole_number('coalesce(season.seasonal_index, 1) * 1000000'), 2
        )) }} as deseasonalised_cents
    from history
    left join season
        on
            history.origin_number = season.origin_number
            and history.calendar_month = season.calendar_month
),

sums as (
    select
        origin_number,
        {{ whole_number('count(*)') }} as point_count,
        {{ whole_number('sum(place)') }} as places,
        {{ whole_number('sum(place * place)') }} as square_places,
        {{ whole_number('sum(deseasonalised_cents)') }} as point_cents,
        {{ whole_number('sum(place * deseasonalised_cents)') }} as place_cents
    from points
    where deseasonalised_cents is not null
    group by origin_number
),

steps as (
    {% for step in range(1, 4) -%}
    select {{ step }} as step
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

targets as (
    select
        origins.*,
        steps.step,
        origins.origin_number + steps.step as target_number,
        origins.origin_number = origins.last_month_number as is_forecast
    from origins
    cross join steps
    where
        origins.origin_number = origins.last_month_number
        or origins.origin_number + steps.step between origins.last_month_number - 11 and origins.last_month_number
),

-- the line of least squares through the points, at the target; through a single point it is flat
trended as (
    select
        targets.*,
        coalesce(season.seasonal_index, 1) as seasonal_index,
        case
            when sums.point_count = 1 then {{ money_of_cents('sums.point_cents') }}
            else {{ divide(
                'sums.point_cents * (sums.square_places - targets.step * sums.places)'
                ~ ' + sums.place_cents * (targets.step * sums.point_count - sums.places)',
                '100 * (sums.point_count * sums.square_places - sums.places * sums.places)',
                2
            ) }}
        end as trend_sales_amount
    from targets
    left join sums on targets.origin_number = sums.origin_number
    left join season
        on
            targets.origin_number = season.origin_number
            and (targets.target_number - 1) % 12 + 1 = season.calendar_month
)

select
    trended.origin_month,
    {{ date_plus('trended.origin_month', 'trended.step', 'month') }} as target_month,
    trended.step,
    trended.is_forecast,
    trended.trained_month_count,
    case
        when trended.trained_month_count >= 24 then 'season and trend'
        when trended.trained_month_count >= 12 then 'season of one year and trend'
        else 'trend'
    end as forecast_method,
    trended.seasonal_index,
    trended.trend_sales_amount,
    -- a line that falls below 0 sells nothing, and so does a calendar month that never sold
    case
        when trended.seasonal_index = 0 or trended.trend_sales_amount < 0 then cast(0 as decimal(18, 2))
        else {{ divide(
            cents('trended.trend_sales_amount') ~ ' * ' ~ whole_number('trended.seasonal_index * 1000000'), 100000000, 2
        ) }}
    end as predicted_sales_amount,
    cast(coalesce(years_before.sales_amount, origin_months.sales_amount) as decimal(18, 2)) as naive_sales_amount,
    actuals.sales_amount as actual_sales_amount
from trended
inner join months as origin_months on trended.origin_number = origin_months.month_number
left join months as years_before on trended.target_number - 12 = years_before.month_number
left join months as actuals on trended.target_number = actuals.month_number
