with

texts as (
    select * from {{ ref('segment_texts') }}
),

codes as (
    select
        scheme,
        segment,
        count(*) as rfm_score_count
    from {{ ref('segment_lookup') }}
    group by scheme, segment
)

select
    texts.scheme,
    texts.segment,
    cast(texts.display_order as integer) as display_order,
    texts.colour,
    texts.is_at_risk,
    texts.description,
    texts.characteristics,
    texts.recommended_action,
    cast(coalesce(codes.rfm_score_count, 0) as integer) as rfm_score_count
from texts
left join codes on texts.scheme = codes.scheme and texts.segment = codes.segment
