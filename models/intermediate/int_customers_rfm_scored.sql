{{ config(materialized='view') }}

with

last_days as (
    select
        as_of.as_of_date,
        days.customer_id,
        {{ days_between('days.purchase_date', 'as_of.as_of_date') }} as recency_days,
        days.purchase_count_in_window,
        days.sales_amount_in_window
    from {{ ref('int_customer_days') }} as days
    cross join {{ ref('int_as_of') }} as as_of
    where days.next_purchase_date is null
),

cut_points as (
    {% if var('rfm_method') == 'quantile' -%}
    select
        {%- for measure, column in [('recency', 'recency_days'), ('frequency', 'purchase_count_in_window'), ('monetary', 'sales_amount_in_window')] %}
        {%- set outer_loop = loop %}
        {%- for quartile in [0.25, 0.5, 0.75] %}
        percentile_disc({{ quartile }}) within group (order by {{ column }}) as {{ measure }}_cut_{{ loop.index }}
        {{- ',' if not (loop.last and outer_loop.last) }}
        {%- endfor %}
        {%- endfor %}
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
    {%- for scheme in segment_schemes() %}
    codes.{{ scheme }}_segment{{ ',' if not loop.last }}
    {%- endfor %}
from coded
left join {{ ref('int_rfm_codes_looked_up') }} as codes on coded.rfm_score = codes.rfm_score
