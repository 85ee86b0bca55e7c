{{ config(materialized='view') }}

select
    rfm_score,
    max(case when scheme = 'customer_360' then segment end) as customer_360_segment,
    max(case when scheme = 'crm_dashboard' then segment end) as crm_dashboard_segment
from {{ ref('segment_lookup') }}
group by rfm_score
