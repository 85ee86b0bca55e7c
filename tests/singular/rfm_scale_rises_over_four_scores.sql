-- Each measure has the scores 1 to 4 and three cut points that rise: with the score, for recency against it. A broken
-- edit of the CSV would otherwise give points by another number of cut points, or in another order.
with

measures as (
    select 'recency' as measure
    union all
    select 'frequency' as measure
    union all
    select 'monetary' as measure
),

scores as (
    select
        measure,
        score,
        upper_bound,
        case when measure = 'recency' then 5 - score else score end as place
    from {{ ref('rfm_scale') }}
),

steps as (
    select
        *,
        lag(upper_bound) over (partition by measure order by place) as lower_bound
    from scores
),

judged as (
    select
        coalesce(measures.measure, steps.measure) as measure,
        count(*) as score_count,
        sum(case when coalesce(
            measures.measure is not null
            and steps.score between 1 and 4
            and (steps.upper_bound is null) = (steps.place = 4)
            and (steps.place in (1, 4) or steps.upper_bound > steps.lower_bound), false
        ) then 1 else 0 end) as good_score_count
    from measures
    full outer join steps on measures.measure = steps.measure
    group by coalesce(measures.measure, steps.measure)
)

select
    measure,
    score_count,
    good_score_count
from judged
where score_count <> 4 or good_score_count <> 4
