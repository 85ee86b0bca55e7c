{{ config(
    materialized=kept_materialization(otherwise='view'),
    incremental_strategy='replace_keys',
    unique_key='customer_bucket',
    meta={'never_null': 'customer_bucket'}
) }}

with

sales as (
    select
        {{ customer_bucket('customer_id', 'transaction_date') }} as customer_bucket,
        {{ row_hash([
            'transaction_id', 'customer_id', 'transacted_at', 'transaction_date', 'amount', 'channel', 'branch_id', 'campaign_id',
            'refunded_transaction_id', 'status', 'is_purchase', 'is_refund', 'is_vip_sale', 'is_ecommerce_sale'
        ]) }} as row_hash
    from {{ ref('int_transactions_classified') }}
    where transaction_date <= (select as_of.as_of_date from {{ ref('int_as_of') }} as as_of)
),

-- scores and segments stand in what is kept: with another scale or lookup every customer has changed
scales as (
    select {{ row_hash([
            'recency_cut_1', 'recency_cut_2', 'recency_cut_3', 'frequency_cut_1', 'frequency_cut_2', 'frequency_cut_3', 'monetary_cut_1',
            'monetary_cut_2', 'monetary_cut_3'
        ]) }} as row_hash
    from {{ ref('int_rfm_cut_points') }}
    union all
    select {{ row_hash(['rfm_score', 'customer_360_segment', 'crm_dashboard_segment']) }} as row_hash
    from {{ ref('int_rfm_codes_looked_up') }}
),

scale as (
    select cast(sum(row_hash) as {{ dbt.type_string() }}) as rows_checksum
    from scales
),

summed as (
    select
        customer_bucket,
        cast(sum(row_hash) as {{ dbt.type_string() }}) as rows_checksum
    from sales
    group by customer_bucket
),

checksums as (
    select
        summed.customer_bucket,
        summed.rows_checksum || '-' || scale.rows_checksum as rows_checksum
    from summed
    cross join scale
)

{{ changed_checksums('checksums') }}
