{#- A view: what is kept of a transaction is as its source wrote it, and a merge or an erasure rewrites none of it. -#}
{{ config(materialized='view') }}

with

transactions as (
    select * from {{ ref('stg_crm__transactions') }}
),

canonical as (
    select * from {{ ref('base_crm__canonical_customers') }}
),

resolved as (
    select
        transactions.transaction_id,
        coalesce(canonical.canonical_customer_id, transactions.customer_id) as customer_id,
        transactions.transacted_at,
        {{ reporting_date('transactions.transacted_at') }} as transaction_date,
        transactions.amount,
        transactions.channel,
        transactions.branch_id,
        transactions.campaign_id,
        transactions.refunded_transaction_id,
        transactions.status,
        transactions.status = 'completed' and transactions.amount > 0 as is_purchase,
        transactions.status = 'completed' and transactions.amount < 0 as is_refund
    from transactions
    left join canonical on transactions.customer_id = canonical.customer_id
)

select
    resolved.transaction_id,
    resolved.customer_id,
    resolved.transacted_at,
    resolved.transaction_date,
    resolved.amount,
    resolved.channel,
    resolved.branch_id,
    resolved.campaign_id,
    resolved.refunded_transaction_id,
    resolved.status,
    resolved.is_purchase,
    resolved.is_refund,
    {% if var('vip_definition') == 'loyalty_member' -%}
    resolved.is_purchase and coalesce(customers.loyalty_joined_at <= resolved.transacted_at, false) as is_vip_sale,
    {%- else -%}
    resolved.is_purchase and resolved.customer_id is not null as is_vip_sale,
    {%- endif %}
    {#- while dbt parses, the variable is not checked yet -#}
    {% if var('ecommerce_channels') and is_list_of_text(var('ecommerce_channels')) -%}
    resolved.is_purchase and coalesce(resolved.channel in (
        {%- for channel in var('ecommerce_channels') %}{{ sql_text(channel | lower) }}{{ ', ' if not loop.last }}{% endfor -%}
    ), false) as is_ecommerce_sale
    {%- else -%}
    false as is_ecommerce_sale
    {%- endif %}
from resolved
{%- if var('vip_definition') == 'loyalty_member' %}
left join {{ ref('int_customers_merged') }} as customers on resolved.customer_id = customers.customer_id
{%- endif %}
