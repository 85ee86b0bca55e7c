{{ config(
    severity='warn',
    meta={'reason': 'A campaign without a cost is kept and has no returns; whether it was free is for the source to say.'}
) }}

-- Campaigns that have begun by D and have no cost, or one below 0: their ROI, ROAS and incremental ROI are NULL.
select
    campaigns.campaign_id,
    campaigns.campaign_name,
    campaigns.starts_on,
    campaigns.cost_amount
from {{ ref('dim_campaigns') }} as campaigns
inner join {{ ref('int_as_of') }} as as_of on campaigns.starts_on <= as_of.as_of_date
where coalesce(campaigns.cost_amount, -1) < 0
