-- Empty segments too: a list that leaves them out would shift from month to month.
with

schemes as (
    select 'customer_360' as scheme
    union all
    select 'crm_dashboard' as scheme
),

counted as (
    select
        scheme,
        count(distinct segment) as segment_count
    from {{ ref('fct_segment_split') }}
    group by scheme
)

select
    counted.segment_count,
    coalesce(schemes.scheme, counted.scheme) as scheme
from schemes
full outer join counted on schemes.scheme = counted.scheme
where schemes.scheme is null or counted.segment_count is distinct from 9
