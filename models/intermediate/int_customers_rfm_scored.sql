{{ config(materialized='view') }}

with

last_days as (
    select
        as_of.as_of_date,
        customer_days.customer_id,
        {{ days_between('customer_days.purchase_date', 'as_of.as_of_date') }} as recency_days,
        customer_days.purchase_count_in_window,
        customer_days.sales_amount_in_window
    from {{ ref('int_customer_days') }} as customer_days
    cross join {{ ref('int_as_of') }} as as_of
    where customer_days.next_purchase_date is null
),

cut_points as (
    {% if var('rfm_method') == 'quantile' -%}
    select
        percentile_disc(0.25) within group (order by recency_days) as recency_cut_1,
        percentile_disc(0.5) within group (order by recency_days) as recency_cut_2,
        percentile_disc(0.75) within group (order by recency_days) as recency_cut_3,
        percentile_disc(0.25) within group (order by purchase_count_in_window) as frequency_cut_1,
        percentile_disc(0.5) within group (order by purchase_count_in_window) as frequency_cut_2,
        percentile_disc(0.75) within group (order by purchase_count_in_window) as frequency_cut_3,
        percentile_disc(0.25) within group (order by sales_amount_in_window) as monetary_cut_1,
        percentile_disc(0.5) within group (order by sales_amount_in_window) as monetary_cut_2,
        percentile_disc(0.75) within group (order by sales_amount_in_window) as monetary_cut_3
    from last_days
    {%- else -%}
    select * from {{ ref('int_rfm_cut_points') }}
    {%- endif %}
),

scored as (
    select
        last_days.*,
        {{ rfm_score('recency', 'last_days.recency_days') }} as recency_score,
        {{ rfm_score('frequency', 'last_days.purchase_count_in_window') }} as frequency_score,
        {{ rfm_score('monetary', 'last_days.sales_amount_in_window') }} as monetary_score
    from last_days
    cross join cut_points
),

coded as (
    select
        *,
        {{ rfm_code('recency_score', 'frequency_score', 'monetary_score') }} as rfm_score
    from scored
)

select
    coded.*,
    codes.customer_360_segment,
    codes.crm_dashboard_segment
from coded
left join {{ ref('int_rfm_codes_looked_up') }} as codes on coded.rfm_score = codes.rfm_score
