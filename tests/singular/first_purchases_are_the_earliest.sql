-- One purchase per customer is the first: the earliest, of several at the same moment the smallest key.
with

purchases as (
    select * from {{ ref('fct_transactions') }}
    where is_purchase and customer_id is not null
),

earliest as (
    select
        customer_id,
        min(transacted_at) as transacted_at
    from purchases
    group by customer_id
),

expected as (
    select
        purchases.customer_id,
        min(purchases.transaction_id) as transaction_id
    from purchases
    inner join earliest on purchases.customer_id = earliest.customer_id and purchases.transacted_at = earliest.transacted_at
    group by purchases.customer_id
),

flagged as (
    select * from {{ ref('fct_transactions') }}
    where is_first_purchase
)

select
    expected.transaction_id,
    flagged.transaction_id as flagged_transaction_id
from expected
full outer join flagged on expected.transaction_id = flagged.transaction_id
where expected.transaction_id is null or flagged.transaction_id is null
