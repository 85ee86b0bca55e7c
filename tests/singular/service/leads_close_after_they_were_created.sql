-- Leads that were won or lost before they were created.
select
    lead_id,
    created_at,
    won_at,
    lost_at
from {{ ref('int_leads_classified') }}
where is_closed_before_created
