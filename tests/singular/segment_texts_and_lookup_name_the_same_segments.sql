-- Every segment has texts, and every text belongs to a segment; each scheme has nine.
with

looked_up as (
    select distinct
        scheme,
        segment
    from {{ ref('segment_lookup') }}
),

matched as (
    select
        coalesce(texts.scheme, looked_up.scheme) as scheme,
        coalesce(texts.segment, looked_up.segment) as segment,
        texts.segment is not null and looked_up.segment is not null as is_in_both,
        count(*) over (partition by coalesce(texts.scheme, looked_up.scheme)) as segment_count
    from {{ ref('segment_texts') }} as texts
    full outer join looked_up on texts.scheme = looked_up.scheme and texts.segment = looked_up.segment
)

select
    scheme,
    segment,
    segment_count
from matched
where not is_in_both or segment_count <> 9
