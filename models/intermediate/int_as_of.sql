{%- set as_of_date = "cast('" ~ var('as_of_date') ~ "' as date)" if var('as_of_date') else 'cast(null as date)' -%}
with

transactions as (
    select * from {{ ref('int_transactions_classified') }}
)

select
    coalesce({{ as_of_date }}, max(transaction_date)) as as_of_date,
    min(transaction_date) as first_transaction_date
from transactions
where
    (is_purchase or is_refund)
    and transaction_date <= coalesce({{ as_of_date }}, transaction_date)
