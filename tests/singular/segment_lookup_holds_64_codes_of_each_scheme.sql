-- Every code is in a segment of both schemes, and there are no others: a customer never lacks a segment.
with

points as (
    select 1 as point
    union all
    select 2 as point
    union all
    select 3 as point
    union all
    select 4 as point
),

schemes as (
    select 'customer_360' as scheme
    union all
    select 'crm_dashboard' as scheme
),

codes as (
    select
        schemes.scheme,
        {{ rfm_code('recency.point', 'frequency.point', 'monetary.point') }} as rfm_score
    from schemes
    cross join points as recency
    cross join points as frequency
    cross join points as monetary
)

select
    coalesce(codes.scheme, lookup.scheme) as scheme,
    coalesce(codes.rfm_score, lookup.rfm_score) as rfm_score,
    lookup.segment
from codes
full outer join {{ ref('segment_lookup') }} as lookup on codes.scheme = lookup.scheme and codes.rfm_score = lookup.rfm_score
where codes.rfm_score is null or lookup.segment is null
