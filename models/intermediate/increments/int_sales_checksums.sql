{{ config(materialized=kept_materialization(otherwise='view')) }}

with

sales as (
    select
        {{ customer_bucket('customer_id', 'transaction_date') }} as customer_bucket,
        {{ row_hash([
            'transaction_id', 'customer_id', 'transacted_at', 'transaction_date', 'amount', 'channel', 'branch_id', 'campaign_id',
            'refunded_transaction_id', 'status', 'is_purchase', 'is_refund', 'is_vip_sale', 'is_ecommerce_sale'
        ]) }} as row_hash
    from {{ ref('int_transactions_classified') }}
    where {{ is_up_to_as_of('transaction_date') }}
),

checksums as (
    select
        customer_bucket,
        cast(sum(row_hash) as {{ dbt.type_string() }}) as rows_checksum
    from sales
    group by customer_bucket
)

{{ changed_checksums('checksums') }}
