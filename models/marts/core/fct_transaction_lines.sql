with

lines as (
    select * from {{ ref('stg_crm__transaction_lines') }}
),

transactions as (
    select * from {{ ref('fct_transactions') }}
),

products as (
    select * from {{ ref('dim_products') }}
)

select
    lines.transaction_id,
    lines.line_number,
    lines.product_id,
    products.category,
    lines.quantity,
    lines.amount
from lines
inner join transactions on lines.transaction_id = transactions.transaction_id
left join products on lines.product_id = products.product_id
