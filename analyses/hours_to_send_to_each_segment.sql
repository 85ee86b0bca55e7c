-- Question: on which weekdays and in which part of the day should each segment be addressed?
-- Reading:  the three best of 42 slots (a weekday and four hours) per segment of crm_dashboard, by the share of the segment's
--           purchases, openings and clicks that fall into the slot. index_to_all compares with everyone: 1.2 is a fifth more than
--           usual. A high share in a slot in which much is sent may only say that much is sent then: contacted_share is
--           beside it. Slots with fewer than ten events are left out.
-- Marts:    fct_campaign_timing
with

slots as (
    select
        segment,
        day_of_week,
        4 * cast(floor(hour_of_day / 4.0) as integer) as from_hour,
        sum(purchase_count + response_count) as event_count,
        sum(contacted_count) as contacted_count
    from {{ ref('fct_campaign_timing') }}
    where scheme = 'crm_dashboard'
    group by segment, day_of_week, 4 * cast(floor(hour_of_day / 4.0) as integer)
),

shares as (
    select
        *,
        sum(event_count) over (partition by segment) as total_event_count,
        sum(contacted_count) over (partition by segment) as total_contacted_count
    from slots
),

ranked as (
    select
        shares.segment,
        shares.day_of_week,
        shares.from_hour,
        shares.event_count,
        {{ rate('shares.event_count', 'shares.total_event_count') }} as event_share,
        {{ rate('shares.contacted_count', 'shares.total_contacted_count') }} as contacted_share,
        {{ rate('shares.event_count * everyone.total_event_count', 'shares.total_event_count * everyone.event_count') }} as index_to_all,
        row_number() over (
            partition by shares.segment order by shares.event_count desc, shares.day_of_week asc, shares.from_hour asc
        ) as slot_rank
    from shares
    inner join shares as everyone
        on shares.day_of_week = everyone.day_of_week and shares.from_hour = everyone.from_hour and everyone.segment = 'all'
    where shares.event_count >= 10
)

select
    ranked.segment,
    ranked.slot_rank,
    ranked.day_of_week,
    ranked.from_hour,
    ranked.event_count,
    ranked.event_share,
    ranked.contacted_share,
    ranked.index_to_all
from ranked
left join {{ ref('dim_segments') }} as segments on ranked.segment = segments.segment and segments.scheme = 'crm_dashboard'
where ranked.slot_rank <= 3
order by segments.display_order nulls last, ranked.slot_rank
