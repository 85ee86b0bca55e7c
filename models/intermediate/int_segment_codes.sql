{{ config(materialized='view') }}

-- what is counted per RFM code is joined to this once, and adds up to segments and to everyone
select
    scheme,
    segment,
    rfm_score
from {{ ref('segment_lookup') }}
union all
select
    scheme,
    'all' as segment,
    rfm_score
from {{ ref('segment_lookup') }}
