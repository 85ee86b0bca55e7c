-- Question: which segments lost customers in the last complete quarter?
-- Reading:  each segment's customers at the quarter's end and at the end of the quarter before; the greatest loss comes
--           first. Customers before - left + entered = customers after, where entered includes first purchases. A loss of
--           Loyal Customers is a task for this week; a loss of Dormant ones means that people came back.
-- Marts:    fct_customer_rfm_history, fct_period_kpis, dim_segments, seed segment_lookup
with

quarters as (
    select
        max(period_start_date) as quarter_start_date,
        {{ date_plus('max(period_start_date)', -1, 'day') }} as earlier_date,
        {{ date_plus(date_plus('max(period_start_date)', 1, 'quarter'), -1, 'day') }} as later_date
    from {{ ref('fct_period_kpis') }}
    where period_grain = 'quarter' and is_complete
),

-- where every customer stood on the two days; whoever first bought within the quarter has no earlier score
standings as (
    select
        history.customer_id,
        max(case when history.valid_from_date <= quarters.earlier_date then history.rfm_score end) as earlier_score,
        max(case when coalesce(history.valid_to_date > quarters.later_date, true) then history.rfm_score end) as later_score
    from {{ ref('fct_customer_rfm_history') }} as history
    cross join quarters
    where
        (history.valid_from_date <= quarters.earlier_date and coalesce(history.valid_to_date > quarters.earlier_date, true))
        or (history.valid_from_date <= quarters.later_date and coalesce(history.valid_to_date > quarters.later_date, true))
    group by history.customer_id
),

segment_moves as (
    select
        later.scheme,
        earlier.segment as earlier_segment,
        later.segment as later_segment,
        count(*) as customer_count
    from standings
    inner join {{ ref('segment_lookup') }} as later on standings.later_score = later.rfm_score
    left join {{ ref('segment_lookup') }} as earlier
        on standings.earlier_score = earlier.rfm_score and later.scheme = earlier.scheme
    group by later.scheme, earlier.segment, later.segment
),

counted as (
    select
        segments.scheme,
        segments.segment,
        segments.display_order,
        sum(segment_moves.customer_count) filter (where segment_moves.earlier_segment = segments.segment) as customer_count_before,
        sum(segment_moves.customer_count) filter (where segment_moves.later_segment = segments.segment) as customer_count_after,
        sum(segment_moves.customer_count) filter (
            where segment_moves.earlier_segment = segments.segment and segment_moves.later_segment = segments.segment
        ) as stayed_count
    from {{ ref('dim_segments') }} as segments
    left join segment_moves on segments.scheme = segment_moves.scheme
    group by segments.scheme, segments.segment, segments.display_order
),

filled as (
    select
        scheme,
        segment,
        display_order,
        cast(coalesce(customer_count_before, 0) as bigint) as customer_count_before,
        cast(coalesce(customer_count_after, 0) as bigint) as customer_count_after,
        cast(coalesce(stayed_count, 0) as bigint) as stayed_count
    from counted
)

select
    quarters.quarter_start_date,
    filled.scheme,
    filled.segment,
    filled.customer_count_before,
    filled.customer_count_before - filled.stayed_count as left_count,
    filled.customer_count_after - filled.stayed_count as entered_count,
    filled.customer_count_after,
    filled.customer_count_after - filled.customer_count_before as customer_count_difference,
    {{ change('filled.customer_count_after', 'filled.customer_count_before') }} as customer_count_change
from filled
cross join quarters
order by filled.scheme, customer_count_difference, filled.display_order
