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
    max(case when measure = 'recency' and cut_point_number = 1 then upper_bound end) as recency_cut_1,
    max(case when measure = 'recency' and cut_point_number = 2 then upper_bound end) as recency_cut_2,
    max(case when measure = 'recency' and cut_point_number = 3 then upper_bound end) as recency_cut_3,
    max(case when measure = 'frequency' and cut_point_number = 1 then upper_bound end) as frequency_cut_1,
    max(case when measure = 'frequency' and cut_point_number = 2 then upper_bound end) as frequency_cut_2,
    max(case when measure = 'frequency' and cut_point_number = 3 then upper_bound end) as frequency_cut_3,
    max(case when measure = 'monetary' and cut_point_number = 1 then upper_bound end) as monetary_cut_1,
    max(case when measure = 'monetary' and cut_point_number = 2 then upper_bound end) as monetary_cut_2,
    max(case when measure = 'monetary' and cut_point_number = 3 then upper_bound end) as monetary_cut_3
from cut_points
