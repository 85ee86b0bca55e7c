-- Each segment of both schemes, and `all`, has each of the 168 hours of a week once; without a D there is none.
with

segments as (
    select
        listed.scheme,
        listed.segment
    from (
        select
            scheme,
            segment
        from {{ ref('dim_segments') }}
        union
        select
            scheme,
            'all' as segment
        from {{ ref('dim_segments') }}
    ) as listed
    inner join {{ ref('int_as_of') }} as as_of on as_of.as_of_date is not null
),

hours as (
    select
        scheme,
        segment,
        count(*) as hour_count,
        count(distinct 24 * day_of_week + hour_of_day) as distinct_hour_count,
        min(day_of_week) as first_day,
        max(day_of_week) as last_day,
        min(hour_of_day) as first_hour,
        max(hour_of_day) as last_hour
    from {{ ref('fct_campaign_timing') }}
    group by scheme, segment
)

select
    hours.*,
    segments.scheme as expected_scheme,
    segments.segment as expected_segment
from segments
full outer join hours on segments.scheme = hours.scheme and segments.segment = hours.segment
where
    segments.scheme is null
    or hours.hour_count is distinct from 168
    or hours.distinct_hour_count is distinct from 168
    or not (hours.first_day = 1 and hours.last_day = 7 and hours.first_hour = 0 and hours.last_hour = 23)
