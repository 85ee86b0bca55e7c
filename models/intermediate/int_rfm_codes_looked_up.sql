{{ config(materialized='view') }}

select
    rfm_score,
    {%- for scheme in segment_schemes() %}
    max(case when scheme = '{{ scheme }}' then segment end) as {{ scheme }}_segment{{ ',' if not loop.last }}
    {%- endfor %}
from {{ ref('segment_lookup') }}
group by rfm_score
