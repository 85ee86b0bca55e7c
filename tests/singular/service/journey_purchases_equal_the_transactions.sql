-- A customer's purchases of a month are those of fct_transactions, and so are those after the month of the first.
with

first_months as (
    select
        customer_id,
        {{ period_start('month', 'transaction_date') }} as first_month
    from {{ ref('fct_transactions') }}
    where is_first_purchase
),

expected as (
    select
        purchases.customer_id,
        {{ period_start('month', 'purchases.transaction_date') }} as month_start_date,
        count(*) as purchase_count,
        sum(case when {{ period_start('month', 'purchases.transaction_date') }} > first_months.first_month then 1 else 0 end) as later_purchase_count
    from {{ ref('fct_transactions') }} as purchases
    inner join first_months on purchases.customer_id = first_months.customer_id
    where purchases.is_purchase
    group by purchases.customer_id, {{ period_start('month', 'purchases.transaction_date') }}
),

other_retention as (
    select
        customer_id,
        {{ period_start('month', 'occurred_date') }} as month_start_date,
        count(*) as interaction_count
    from {{ ref('int_interactions_classified') }}
    where journey_stage = 'retention' and customer_id is not null
    group by customer_id, {{ period_start('month', 'occurred_date') }}
)

select
    expected.purchase_count,
    journeys.action_count,
    expected.later_purchase_count,
    other_retention.interaction_count,
    journeys.retention_count,
    coalesce(expected.customer_id, journeys.customer_id) as customer_id,
    coalesce(expected.month_start_date, journeys.month_start_date) as month_start_date
from {{ ref('fct_journey_stages') }} as journeys
full outer join expected
    on journeys.customer_id = expected.customer_id and journeys.month_start_date = expected.month_start_date
left join other_retention
    on journeys.customer_id = other_retention.customer_id and journeys.month_start_date = other_retention.month_start_date
where
    journeys.action_count is distinct from coalesce(expected.purchase_count, 0)
    or journeys.retention_count is distinct from coalesce(expected.later_purchase_count, 0) + coalesce(other_retention.interaction_count, 0)
