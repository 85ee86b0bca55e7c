-- Every code is in a segment of both schemes, and there are no others: a customer never lacks a segment.
with

scores as (
    select 1 as score
    union all
    select 2 as score
    union all
    select 3 as score
    union all
    select 4 as score
),

schemes as (
    select 'customer_360' as scheme
    union all
    select 'crm_dashboard' as scheme
),

codes as (
    select
        schemes.scheme,
        {{ rfm_code('recency.score', 'frequency.score', 'monetary.score') }} as rfm_score
    from schemes
    cross join scores as recency
    cross join scores as frequency
    cross join scores as monetary
)

select
    lookup.segment,
    coalesce(codes.scheme, lookup.scheme) as scheme,
    coalesce(codes.rfm_score, lookup.rfm_score) as rfm_score
from codes
full outer join {{ ref('segment_lookup') }} as lookup on codes.scheme = lookup.scheme and codes.rfm_score = lookup.rfm_score
where codes.rfm_score is null or lookup.segment is null
