-- Question: which sources of leads pay, and which only keep people busy?
-- Reading:  leads created in the twelve complete months that ended at least 90 days before D, so that nearly all had time to
--           close. won_amount_per_lead is what a lead of the source brings before anyone has looked at it: compare it with
--           what such a lead costs. A source with few wins from many leads, or with many leads still open, wants another
--           look at how leads are qualified or followed up.
-- Marts:    fct_lead_funnel, fct_segment_split (for D)
with

as_of as (
    select max(as_of_date) as as_of_date from {{ ref('fct_segment_split') }}
),

cohorts as (
    select funnel.*
    from {{ ref('fct_lead_funnel') }} as funnel
    cross join as_of
    where
        {{ date_plus('funnel.cohort_month', 1, 'month') }} <= {{ date_plus('as_of.as_of_date', -89, 'day') }}
        and {{ date_plus('funnel.cohort_month', 13, 'month') }} > {{ date_plus('as_of.as_of_date', -89, 'day') }}
),

sources as (
    select
        source as lead_source,
        sum(created_count) as created_count,
        sum(qualified_count) as qualified_count,
        sum(won_count) as won_count,
        sum(lost_count) as lost_count,
        sum(open_count) as open_count,
        {{ sum_amount('won_amount') }} as won_amount
    from cohorts
    group by source
)

select
    lead_source,
    created_count,
    {{ rate('qualified_count', 'created_count') }} as qualified_share,
    {{ rate('won_count', 'created_count') }} as lead_conversion_rate,
    {{ rate('won_count', 'won_count + lost_count') }} as sales_conversion_rate,
    open_count,
    won_amount,
    {{ average_amount('won_amount', 'won_count') }} as won_amount_per_won_lead,
    {{ average_amount('won_amount', 'created_count') }} as won_amount_per_lead
from sources
order by
    won_amount_per_lead desc,
    lead_source asc
