-- A customer is active from every purchase on for churn_days, in one span; between two spans lies a day at least without.
with

spans as (
    select
        *,
        lead(active_from_date) over (partition by customer_id order by active_from_date) as next_active_from_date
    from {{ ref('int_customer_activity_spans') }}
),

-- each purchase day and the span that began last
days as (
    select
        purchases.customer_id,
        purchases.transaction_date,
        max(spans.active_from_date) as active_from_date
    from {{ ref('fct_transactions') }} as purchases
    left join spans
        on purchases.customer_id = spans.customer_id and purchases.transaction_date >= spans.active_from_date
    where purchases.is_purchase and purchases.customer_id is not null
    group by purchases.customer_id, purchases.transaction_date
),

-- a span ends churn_days after the last purchase in it
expected as (
    select
        customer_id,
        active_from_date,
        {{ date_plus('max(transaction_date)', var('churn_days'), 'day') }} as active_to_date
    from days
    group by customer_id, active_from_date
)

select
    expected.active_to_date as expected_active_to_date,
    spans.active_to_date,
    spans.next_active_from_date,
    coalesce(expected.customer_id, spans.customer_id) as customer_id,
    coalesce(expected.active_from_date, spans.active_from_date) as active_from_date
from expected
full outer join spans on expected.customer_id = spans.customer_id and expected.active_from_date = spans.active_from_date
where
    expected.active_to_date is distinct from spans.active_to_date
    or not coalesce(spans.next_active_from_date > spans.active_to_date, true)
