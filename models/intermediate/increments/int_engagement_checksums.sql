{{ config(materialized=kept_materialization(otherwise='view')) }}

with

engagements as (
    select
        {{ customer_bucket('customer_id') }} as customer_bucket,
        {{ row_hash([
            'contact_id', 'campaign_id', 'customer_id', 'contacted_at', 'contacted_date', 'is_control', 'opened_at', 'clicked_at',
            'unsubscribed_at', 'window_ends_at', 'is_before_start'
        ]) }} as row_hash
    from {{ ref('int_campaign_contacts_classified') }}
    union all
    select
        {{ customer_bucket('customer_id') }} as customer_bucket,
        {{ row_hash(['interaction_id', 'customer_id', 'occurred_date', 'journey_stage']) }} as row_hash
    from {{ ref('int_interactions_classified') }}
    where customer_id is not null
    union all
    select
        {{ customer_bucket('customer_id') }} as customer_bucket,
        {{ row_hash(['lead_id', 'customer_id', 'created_date']) }} as row_hash
    from {{ ref('int_leads_classified') }}
    where customer_id is not null
),

checksums as (
    select
        customer_bucket,
        cast(sum(row_hash) as {{ dbt.type_string() }}) as rows_checksum
    from engagements
    group by customer_bucket
)

{{ changed_checksums('checksums') }}
