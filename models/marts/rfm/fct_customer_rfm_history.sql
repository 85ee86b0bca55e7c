{% do goes_by(['int_sales_checksums', 'int_scale_checksums']) -%}
{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_touched',
    on_schema_change='append_new_columns',
    meta={'customer': ['customer_id'], 'moves_with_day': true},
    pre_hook="{{ find_touched() }}",
    post_hook="{{ remember_changes() }}"
) }}

{% if is_kept_already() or not execute -%}
with

-- spans end with a purchase, and without one on the day on which recency falls
touched_customers as (
    select days.customer_id
    from {{ ref('int_customer_days') }} as days
    cross join {{ ref('int_as_of') }} as as_of
    cross join {{ ref('int_rfm_cut_points') }} as cut_points
    cross join (
        select max(changes_read.as_of_date) as as_of_date
        from {{ source('kept', 'changes_read') }} as changes_read
        where changes_read.model_name = '{{ this.identifier }}'
    ) as build_before
    where
        days.next_purchase_date is null
        and (
            {{ is_touched('days.customer_id') }}
            or {{ rfm_score('recency', days_between('days.purchase_date', 'as_of.as_of_date')) }}
            is distinct from {{ rfm_score('recency', days_between('days.purchase_date', 'build_before.as_of_date')) }}
        )
)

{% endif -%}
select
    customer_id,
    valid_from_date,
    valid_to_date,
    purchase_count_in_window,
    sales_amount_in_window,
    recency_score,
    frequency_score,
    monetary_score,
    rfm_score,
    customer_360_segment,
    crm_dashboard_segment
from {{ ref('int_customer_rfm_spans_scored') }}
{%- if is_kept_already() or not execute %}
where customer_id in (select touched_customers.customer_id from touched_customers)
{%- endif %}
