-- The list of open leads has as many of each age as the funnel, source by source and owner by owner.
with

listed as (
    select
        source as lead_source,
        owner as lead_owner,
        sum(case when age_days <= 30 then 1 else 0 end) as count_to_30,
        sum(case when age_days > 30 and age_days <= 60 then 1 else 0 end) as count_to_60,
        sum(case when age_days > 60 and age_days <= 90 then 1 else 0 end) as count_to_90,
        sum(case when age_days > 90 then 1 else 0 end) as count_over_90
    from {{ ref('fct_open_leads') }}
    group by source, owner
),

funnel as (
    select
        source as lead_source,
        owner as lead_owner,
        sum(open_0_to_30_days_count) as count_to_30,
        sum(open_31_to_60_days_count) as count_to_60,
        sum(open_61_to_90_days_count) as count_to_90,
        sum(open_over_90_days_count) as count_over_90
    from {{ ref('fct_lead_funnel') }}
    group by source, owner
)

select funnel.*
from funnel
full outer join listed on funnel.lead_source = listed.lead_source and funnel.lead_owner = listed.lead_owner
where
    funnel.count_to_30 is distinct from coalesce(listed.count_to_30, 0)
    or funnel.count_to_60 is distinct from coalesce(listed.count_to_60, 0)
    or funnel.count_to_90 is distinct from coalesce(listed.count_to_90, 0)
    or funnel.count_over_90 is distinct from coalesce(listed.count_over_90, 0)
