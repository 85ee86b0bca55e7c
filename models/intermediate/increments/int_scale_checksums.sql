{{ config(materialized=kept_materialization(otherwise='view')) }}

with

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

checksums as (
    select
        0 as customer_bucket,
        cast(sum(row_hash) as {{ dbt.type_string() }}) as rows_checksum
    from scales
)

{{ changed_checksums('checksums') }}
