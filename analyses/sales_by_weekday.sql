-- Question: on which weekdays do customers buy?
-- Reading:  the last 52 complete weeks, so that every weekday counts equally often. sales_index compares a weekday with
--           the average day: 1.25 is a quarter more. Where the e-commerce share is high, staff is not what is short.
-- Marts:    fct_sales_trend, dim_dates
with

weeks as (
    select period_start_date as week_start_date
    from {{ ref('fct_sales_trend') }}
    where period_grain = 'week' and is_complete
    order by period_start_date desc
    limit 52
),

weekday_sales as (
    select
        dates.day_of_week,
        count(*) as day_count,
        {{ sum_amount('day_sales.total_sales_amount') }} as sales_amount,
        {{ sum_amount('day_sales.ecommerce_sales_amount') }} as ecommerce_sales_amount,
        {{ sum_amount('day_sales.crm_sales_amount') }} as crm_sales_amount
    from {{ ref('fct_sales_trend') }} as day_sales
    inner join {{ ref('dim_dates') }} as dates on day_sales.period_start_date = dates.date_day
    inner join weeks on dates.week_start_date = weeks.week_start_date
    where day_sales.period_grain = 'day'
    group by dates.day_of_week
),

totalled as (
    select
        *,
        sum(sales_amount) over () as total_sales_amount,
        sum(day_count) over () as total_day_count
    from weekday_sales
)

select
    day_of_week,
    case day_of_week
        when 1 then 'Monday'
        when 2 then 'Tuesday'
        when 3 then 'Wednesday'
        when 4 then 'Thursday'
        when 5 then 'Friday'
        when 6 then 'Saturday'
        when 7 then 'Sunday'
    end as weekday_name,
    day_count,
    {{ average_amount('sales_amount', 'day_count') }} as average_day_sales_amount,
    {{ rate('sales_amount * total_day_count', 'total_sales_amount * day_count') }} as sales_index,
    {{ rate('ecommerce_sales_amount', 'sales_amount') }} as ecommerce_sales_share,
    {{ rate('crm_sales_amount', 'sales_amount') }} as crm_sales_share
from totalled
order by day_of_week
