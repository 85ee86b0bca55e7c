-- Customers of every month, quarter and year who are active at its end and at that of the one before, counted once more from
-- the transactions, each customer by each.
{% set grains = ['month', 'quarter', 'year'] -%}
with

purchase_days as (
    select distinct
        customer_id,
        transaction_date
    from {{ ref('fct_transactions') }}
    where is_purchase and customer_id is not null
),

first_days as (
    select
        customer_id,
        min(transaction_date) as first_purchase_date
    from purchase_days
    group by customer_id
),

periods as (
    {% for grain in grains -%}
    select
        kpis.period_grain,
        kpis.period_start_date,
        {{ date_plus('kpis.period_start_date', 1, grain) }} as next_period_start_date,
        least({{ date_plus(date_plus('kpis.period_start_date', 1, grain), -1, 'day') }}, as_of.as_of_date) as last_day
    from {{ ref('fct_period_kpis') }} as kpis
    cross join {{ ref('int_as_of') }} as as_of
    where kpis.period_grain = '{{ grain }}'
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- the days on which a purchase makes a customer active at the end of a period
counting_days as (
    select
        sales_days.transaction_date,
        periods.period_grain,
        periods.period_start_date,
        periods.next_period_start_date
    from (select distinct transaction_date from purchase_days) as sales_days
    inner join periods
        on
            sales_days.transaction_date <= periods.last_day
            and sales_days.transaction_date > {{ date_plus('periods.last_day', -var('churn_days'), 'day') }}
),

active_customers as (
    select distinct
        purchase_days.customer_id,
        counting_days.period_grain,
        counting_days.period_start_date,
        counting_days.next_period_start_date
    from purchase_days
    inner join counting_days on purchase_days.transaction_date = counting_days.transaction_date
),

-- active at the end, active before, or both
customers as (
    select
        coalesce(later.period_grain, earlier.period_grain) as period_grain,
        coalesce(later.period_start_date, earlier.next_period_start_date) as period_start_date,
        coalesce(later.customer_id, earlier.customer_id) as customer_id,
        earlier.customer_id is not null as is_opening,
        later.customer_id is not null as is_closing
    from active_customers as later
    full outer join active_customers as earlier
        on
            later.customer_id = earlier.customer_id
            and later.period_grain = earlier.period_grain
            and later.period_start_date = earlier.next_period_start_date
),

expected as (
    select
        customers.period_grain,
        customers.period_start_date,
        count(*) filter (where customers.is_opening) as opening_customer_count,
        count(*) filter (
            where customers.is_closing and not customers.is_opening and first_days.first_purchase_date >= customers.period_start_date
        ) as new_customer_count,
        count(*) filter (
            where customers.is_closing and not customers.is_opening and first_days.first_purchase_date < customers.period_start_date
        ) as reactivated_customer_count,
        count(*) filter (where customers.is_opening and not customers.is_closing) as churned_customer_count,
        count(*) filter (where customers.is_closing) as closing_customer_count
    from customers
    inner join first_days on customers.customer_id = first_days.customer_id
    group by customers.period_grain, customers.period_start_date
)

select
    actual.opening_customer_count,
    expected.opening_customer_count as expected_opening_customer_count,
    actual.new_customer_count,
    expected.new_customer_count as expected_new_customer_count,
    actual.reactivated_customer_count,
    expected.reactivated_customer_count as expected_reactivated_customer_count,
    actual.churned_customer_count,
    expected.churned_customer_count as expected_churned_customer_count,
    actual.closing_customer_count,
    expected.closing_customer_count as expected_closing_customer_count,
    coalesce(periods.period_grain, actual.period_grain) as period_grain,
    coalesce(periods.period_start_date, actual.period_start_date) as period_start_date
from periods
left join expected
    on periods.period_grain = expected.period_grain and periods.period_start_date = expected.period_start_date
full outer join {{ ref('int_churn_counted') }} as actual
    on periods.period_grain = actual.period_grain and periods.period_start_date = actual.period_start_date
where
    periods.period_grain is null
    or actual.opening_customer_count is distinct from coalesce(expected.opening_customer_count, 0)
    or actual.new_customer_count is distinct from coalesce(expected.new_customer_count, 0)
    or actual.reactivated_customer_count is distinct from coalesce(expected.reactivated_customer_count, 0)
    or actual.churned_customer_count is distinct from coalesce(expected.churned_customer_count, 0)
    or actual.closing_customer_count is distinct from coalesce(expected.closing_customer_count, 0)
