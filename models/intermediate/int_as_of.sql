with

transactions as (
    select * from {{ ref('int_transactions_classified') }}
)

select
    {%- if var('as_of_date') is none %}
    max(transaction_date) as as_of_date,
    {%- else %}
    cast('{{ var("as_of_date") }}' as date) as as_of_date,
    {%- endif %}
    min(transaction_date) as first_transaction_date,
    max(transaction_date) as last_transaction_date
from transactions
where
    (is_purchase or is_refund)
    {%- if var('as_of_date') is not none %}
    and transaction_date <= cast('{{ var("as_of_date") }}' as date)
    {%- endif %}
