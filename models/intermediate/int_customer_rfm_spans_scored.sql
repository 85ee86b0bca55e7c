{{ config(materialized='view') }}

with

days as (
    select * from {{ ref('int_customer_days') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

cut_points as (
    select * from {{ ref('int_rfm_cut_points') }}
),

-- the days after a purchase during which a recency score holds: [from_days, to_days)
recency_bands as (
    select
        4 as recency_score,
        0 as from_days,
        cast(floor(recency_cut_1) as integer) + 1 as to_days
    from cut_points
    union all
    select
        3 as recency_score,
        cast(floor(recency_cut_1) as integer) + 1 as from_days,
        cast(floor(recency_cut_2) as integer) + 1 as to_days
    from cut_points
    union all
    select
        2 as recency_score,
        cast(floor(recency_cut_2) as integer) + 1 as from_days,
        cast(floor(recency_cut_3) as integer) + 1 as to_days
    from cut_points
    union all
    select
        1 as recency_score,
        cast(floor(recency_cut_3) as integer) + 1 as from_days,
        cast(null as integer) as to_days
    from cut_points
),

-- frequency and monetary value change only on a purchase day
scored_days as (
    select
        days.customer_id,
        days.purchase_date,
        days.purchase_count_in_window,
        days.sales_amount_in_window,
        {{ rfm_score('frequency', 'days.purchase_count_in_window') }} as frequency_score,
        {{ rfm_score('monetary', 'days.sales_amount_in_window') }} as monetary_score,
        {{ date_plus('as_of.as_of_date', 1, 'day') }} as day_after_as_of,
        coalesce(days.next_purchase_date, {{ date_plus('as_of.as_of_date', 1, 'day') }}) as ends_before_date
    from days
    cross join as_of
    cross join cut_points
),

spans as (
    select
        scored_days.customer_id,
        {{ date_plus('scored_days.purchase_date', 'recency_bands.from_days', 'day') }} as valid_from_date,
        -- the band's end or the next purchase, whatever comes first; what still holds on D has no end
        nullif(least(
            coalesce({{ date_plus('scored_days.purchase_date', 'recency_bands.to_days', 'day') }}, scored_days.ends_before_date),
            scored_days.ends_before_date
        ), scored_days.day_after_as_of) as valid_to_date,
        scored_days.purchase_count_in_window,
        scored_days.sales_amount_in_window,
        recency_bands.recency_score,
        scored_days.frequency_score,
        scored_days.monetary_score,
        {{ rfm_code('recency_bands.recency_score', 'scored_days.frequency_score', 'scored_days.monetary_score') }} as rfm_score
    from scored_days
    inner join recency_bands
        on {{ date_plus('scored_days.purchase_date', 'recency_bands.from_days', 'day') }} < scored_days.ends_before_date
)

select
    spans.*,
    codes.customer_360_segment,
    codes.crm_dashboard_segment
from spans
left join {{ ref('int_rfm_codes_looked_up') }} as codes on spans.rfm_score = codes.rfm_score
