{{ config(
    severity='warn',
    meta={'reason': 'The campaign is kept with its figures; only the KPI board, which goes by the end, leaves it out.'}
) }}

-- Campaigns whose last day lies before their first: one of the two is wrong.
select
    campaign_id,
    campaign_name,
    starts_on,
    ends_on
from {{ ref('dim_campaigns') }}
where ends_on < starts_on
