{{ config(materialized='view') }}

with

scale as (
    select * from {{ ref('rfm_scale') }}
),

-- each score reaches up to its upper bound, included; the last one has none
cut_points as (
    select
        measure,
        upper_bound,
        row_number() over (partition by measure order by upper_bound, score) as cut_point_number
    from scale
    where upper_bound is not null
)

select
    {%- for measure in ['recency', 'frequency', 'monetary'] %}
    {%- set outer_loop = loop %}
    {%- for number in range(1, 4) %}
    max(case when measure = '{{ measure }}' and cut_point_number = {{ number }} then upper_bound end) as {{ measure }}_cut_{{ number }}
    {{- ',' if not (loop.last and outer_loop.last) }}
    {%- endfor %}
    {%- endfor %}
from cut_points
