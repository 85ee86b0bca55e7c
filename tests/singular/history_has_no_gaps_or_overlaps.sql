-- From the first purchase on a customer has one score on every day: each span ends where the next begins, and the last is open.
with

spans as (
    select
        customer_id,
        valid_from_date,
        valid_to_date,
        lag(valid_from_date) over (partition by customer_id order by valid_from_date) as previous_from_date,
        lead(valid_from_date) over (partition by customer_id order by valid_from_date) as next_from_date
    from {{ ref('fct_customer_rfm_history') }}
),

first_spans as (
    select * from spans
    where previous_from_date is null
)

select
    customer_id,
    valid_from_date,
    valid_to_date,
    next_from_date
from spans
where valid_to_date is distinct from next_from_date
union all
select
    customers.customer_id,
    customers.first_purchase_date as valid_from_date,
    first_spans.valid_to_date,
    first_spans.valid_from_date as next_from_date
from {{ ref('dim_customers') }} as customers
full outer join first_spans on customers.customer_id = first_spans.customer_id
where customers.first_purchase_date is distinct from first_spans.valid_from_date
