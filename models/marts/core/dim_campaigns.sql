with

campaigns as (
    select * from {{ ref('stg_crm__campaigns') }}
),

windows as (
    select * from {{ ref('attribution_windows') }}
),

other_windows as (
    select * from windows
    where channel = 'other'
)

select
    campaigns.campaign_id,
    campaigns.campaign_name,
    campaigns.channel,
    campaigns.objective,
    campaigns.target_segment,
    campaigns.starts_on,
    campaigns.ends_on,
    campaigns.cost as cost_amount,
    coalesce(windows.window_hours, other_windows.window_hours) as attribution_window_hours
from campaigns
left join windows on campaigns.channel = windows.channel
cross join other_windows
