-- Churn risk has three bands, one of them from probability 0; value has three tiers, of which exactly one has no end; no two bands share a bound.
select
    measure,
    count(*) as band_count
from {{ ref('customer_value_bands') }}
group by measure
having
    count(*) <> 3
    or count(distinct coalesce(lower_bound, upper_share, 1)) <> 3
    or (measure = 'churn_risk' and min(lower_bound) <> 0)
    or (measure = 'value_tier' and count(upper_share) <> 2)
union all
select
    'fewer than two measures' as measure,
    count(distinct measure) as band_count
from {{ ref('customer_value_bands') }}
having count(distinct measure) <> 2
