{{ config(materialized='view') }}

with

bands as (
    select * from {{ ref('customer_value_bands') }}
)

select
    measure,
    band,
    lower_bound,
    upper_share,
    -- churn risk: from a probability on, up to the next one
    lead(lower_bound) over (partition by measure order by lower_bound nulls last, upper_share nulls last, band) as next_lower_bound,
    -- value tier: what is beyond the share of the tier before, up to its own
    coalesce(lag(upper_share) over (partition by measure order by lower_bound nulls last, upper_share nulls last, band), 0) as previous_upper_share
from bands
