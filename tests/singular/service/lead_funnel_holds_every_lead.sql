-- The accepted leads created up to D, counted once more from staging, are those of the funnel, source by source; what of
-- them is neither won nor lost by the end of D is open, in the funnel and in the list of open leads.
with

as_of as (
    select * from {{ ref('int_as_of') }}
),

leads as (
    select
        {{ period_start('month', reporting_date('leads.created_at')) }} as cohort_month,
        coalesce(leads.source, 'unknown') as lead_source,
        coalesce({{ reporting_date('leads.won_at') }} <= as_of.as_of_date, false) as is_won,
        coalesce({{ reporting_date('leads.lost_at') }} <= as_of.as_of_date, false) as is_lost,
        leads.deal_amount
    from {{ ref('stg_crm__leads') }} as leads
    cross join as_of
    where {{ reporting_date('leads.created_at') }} <= as_of.as_of_date
),

expected as (
    select
        cohort_month,
        lead_source,
        count(*) as created_count,
        sum(case when is_won then 1 else 0 end) as won_count,
        sum(case when is_lost and not is_won then 1 else 0 end) as lost_count,
        sum(case when not is_won and not is_lost then 1 else 0 end) as open_count,
        sum(case when is_won then coalesce(deal_amount, 0) else 0 end) as won_amount
    from leads
    group by cohort_month, lead_source
),

actual as (
    select
        cohort_month,
        source as lead_source,
        sum(created_count) as created_count,
        sum(won_count) as won_count,
        sum(lost_count) as lost_count,
        sum(open_count) as open_count,
        sum(won_amount) as won_amount
    from {{ ref('fct_lead_funnel') }}
    group by cohort_month, source
),

open_leads as (
    select
        {{ period_start('month', 'created_date') }} as cohort_month,
        source as lead_source,
        count(*) as open_count
    from {{ ref('fct_open_leads') }}
    group by {{ period_start('month', 'created_date') }}, source
)

select
    expected.created_count as expected_created_count,
    actual.created_count,
    expected.won_count as expected_won_count,
    actual.won_count,
    expected.lost_count as expected_lost_count,
    actual.lost_count,
    expected.open_count as expected_open_count,
    actual.open_count,
    open_leads.open_count as listed_open_count,
    coalesce(expected.cohort_month, actual.cohort_month, open_leads.cohort_month) as cohort_month,
    coalesce(expected.lead_source, actual.lead_source, open_leads.lead_source) as lead_source
from expected
full outer join actual on expected.cohort_month = actual.cohort_month and expected.lead_source = actual.lead_source
full outer join open_leads on expected.cohort_month = open_leads.cohort_month and expected.lead_source = open_leads.lead_source
where
    expected.created_count is distinct from actual.created_count
    or expected.won_count is distinct from actual.won_count
    or expected.lost_count is distinct from actual.lost_count
    or expected.open_count is distinct from actual.open_count
    or expected.won_amount is distinct from actual.won_amount
    or expected.open_count is distinct from coalesce(open_leads.open_count, 0)
