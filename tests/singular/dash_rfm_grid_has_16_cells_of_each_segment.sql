-- Sixteen cells for each segment and for everyone, with customers or without.
with

segments as (
    select
        scheme,
        segment
    from {{ ref('dim_segments') }}
    union all
    select distinct
        scheme,
        'all' as segment
    from {{ ref('dim_segments') }}
),

cells as (
    select
        scheme,
        segment,
        count(*) as cell_count
    from {{ ref('dash_rfm_grid') }}
    group by scheme, segment
)

select
    cells.cell_count,
    coalesce(segments.scheme, cells.scheme) as scheme,
    coalesce(segments.segment, cells.segment) as segment
from segments
full outer join cells on segments.scheme = cells.scheme and segments.segment = cells.segment
where segments.segment is null or cells.cell_count is distinct from 16
