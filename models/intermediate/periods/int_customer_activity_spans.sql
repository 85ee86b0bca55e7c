with

days as (
    select
        customer_id,
        purchase_date,
        first_purchase_date,
        previous_purchase_date,
        {{ date_plus('purchase_date', var('churn_days'), 'day') }} as active_to_date,
        coalesce({{ date_plus('previous_purchase_date', var('churn_days'), 'day') }} < purchase_date, true) as starts_span,
        coalesce({{ date_plus('purchase_date', var('churn_days'), 'day') }} < next_purchase_date, true) as ends_span
    from {{ ref('int_customer_days') }}
),

-- Of the days on which a span starts or ends the one after a start is its end, where it does not end on the same day.
edges as (
    select
        *,
        lead(active_to_date) over (partition by customer_id order by purchase_date) as next_active_to_date
    from days
    where starts_span or ends_span
)

select
    customer_id,
    first_purchase_date,
    purchase_date as active_from_date,
    case when ends_span then active_to_date else next_active_to_date end as active_to_date,
    previous_purchase_date is null as is_first
from edges
where starts_span
