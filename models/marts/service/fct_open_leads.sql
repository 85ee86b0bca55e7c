with

as_of as (
    select * from {{ ref('int_as_of') }}
),

leads as (
    select * from {{ ref('int_leads_classified') }}
    where status = 'open'
),

sources_scored as (
    select * from {{ ref('int_lead_sources_scored') }}
)

select
    as_of.as_of_date,
    leads.lead_id,
    leads.customer_id,
    leads.source,
    leads.owner,
    leads.created_date,
    leads.qualified_at is not null as is_qualified,
    leads.age_days,
    leads.age_band,
    leads.deal_amount,
    sources_scored.win_probability,
    sources_scored.win_probability
    * cast(coalesce(leads.deal_amount, sources_scored.average_deal_amount) as {{ type_double() }}) as expected_deal_amount,
    leads.deal_amount is null as is_deal_amount_estimated
from leads
cross join as_of
left join sources_scored on leads.source = sources_scored.source and leads.age_band = sources_scored.age_band
