{% do goes_by(['int_sales_checksums', 'int_engagement_checksums']) -%}
{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_touched',
    on_schema_change='append_new_columns',
    meta={'customer': ['customer_id']},
    pre_hook="{{ find_touched() }}",
    post_hook="{{ remember_changes() }}"
) }}

with

contacts as (
    select
        customer_id,
        contacted_date,
        {{ reporting_date('opened_at') }} as opened_date,
        {{ reporting_date('clicked_at') }} as clicked_date
    from {{ ref('int_campaign_contacts') }}
    where not is_control and {{ is_touched('customer_id') }}
),

-- hardly two events of one kind share a customer and a month, so all kinds are added up at once
events as (
    select
        customer_id,
        occurred_date as event_date,
        case when journey_stage = 'awareness' then 1 else 0 end as awareness_count,
        case when journey_stage = 'consideration' then 1 else 0 end as consideration_count,
        case when journey_stage = 'decision' then 1 else 0 end as decision_count,
        0 as action_count,
        case when journey_stage = 'retention' then 1 else 0 end as retention_count
    from {{ ref('int_interactions_classified') }}
    where customer_id is not null and {{ is_touched('customer_id') }}
    {% for event in ['contacted', 'opened', 'clicked'] -%}
    union all
    select
        customer_id,
        {{ event }}_date as event_date,
        {{ 1 if event == 'contacted' else 0 }} as awareness_count,
        {{ 0 if event == 'contacted' else 1 }} as consideration_count,
        0 as decision_count,
        0 as action_count,
        0 as retention_count
    from contacts
    where {{ event }}_date is not null
    {% endfor -%}
    union all
    select
        customer_id,
        created_date as event_date,
        0 as awareness_count,
        0 as consideration_count,
        1 as decision_count,
        0 as action_count,
        0 as retention_count
    from {{ ref('int_leads_classified') }}
    where customer_id is not null and {{ is_touched('customer_id') }}
    union all
    select
        customer_id,
        purchase_date as event_date,
        0 as awareness_count,
        0 as consideration_count,
        0 as decision_count,
        purchase_count as action_count,
        case when first_purchase_date < {{ period_start('month', 'purchase_date') }} then purchase_count else 0 end as retention_count
    from {{ ref('int_customer_days') }}
    where {{ is_touched('customer_id') }}
),

summed as (
    select
        customer_id,
        {{ period_start('month', 'event_date') }} as month_start_date,
        cast(sum(awareness_count) as bigint) as awareness_count,
        cast(sum(consideration_count) as bigint) as consideration_count,
        cast(sum(decision_count) as bigint) as decision_count,
        cast(sum(action_count) as bigint) as action_count,
        cast(sum(retention_count) as bigint) as retention_count
    from events
    group by customer_id, {{ period_start('month', 'event_date') }}
)

select
    customer_id,
    month_start_date,
    awareness_count,
    consideration_count,
    decision_count,
    action_count,
    retention_count,
    case
        when retention_count > 0 then 'retention'
        when action_count > 0 then 'action'
        when decision_count > 0 then 'decision'
        when consideration_count > 0 then 'consideration'
        else 'awareness'
    end as journey_stage
from summed
