{% do goes_by(['int_sales_checksums', 'int_engagement_checksums']) -%}
{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_touched',
    meta={'customer': ['customer_id']},
    pre_hook="{{ find_touched() }}",
    post_hook="{{ remember_changes() }}"
) }}

with

purchases as (
    select
        customer_id,
        {{ reporting_time('transacted_at') }} as happened_at
    from {{ ref('int_transactions_classified') }}
    where
        is_purchase
        and customer_id is not null
        and {{ is_up_to_as_of('transaction_date') }}
        and {{ is_touched('customer_id') }}
),

events as (
    select
        customer_id,
        happened_at
    from purchases
    {%- for event in ['opened_at', 'clicked_at'] %}
    union all
    select
        customer_id,
        {{ reporting_time(event) }} as happened_at
    from {{ ref('int_campaign_contacts') }}
    where {{ event }} is not null and not is_control and {{ is_touched('customer_id') }}
    {%- endfor %}
),

customer_hours as (
    select
        customer_id,
        {{ day_of_week('cast(happened_at as date)') }} as day_of_week,
        {{ hour_of_day('happened_at') }} as hour_of_day,
        count(*) as event_count
    from events
    group by customer_id, {{ day_of_week('cast(happened_at as date)') }}, {{ hour_of_day('happened_at') }}
)

{{ best_week_hours('customer_hours', ['customer_id']) }}
