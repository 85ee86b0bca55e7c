with

campaigns as (
    select
        campaign_id,
        channel
    from {{ ref('stg_crm__campaigns') }}
),

-- only contacts that were answered
responses as (
    select
        customer_id,
        campaign_id,
        unsubscribed_at,
        case when opened_at is not null and not is_control then 1 else 0 end as opened_count,
        case when clicked_at is not null and not is_control then 1 else 0 end as clicked_count
    from {{ ref('int_campaign_contacts') }}
    where opened_at is not null or clicked_at is not null or unsubscribed_at is not null
)

select
    responses.customer_id,
    cast(sum(responses.opened_count) as integer) as opened_count,
    cast(sum(responses.clicked_count) as integer) as clicked_count,
    cast(coalesce(
        sum(responses.opened_count + responses.clicked_count) filter (where campaigns.channel = 'email'), 0
    ) as integer) as email_response_count,
    cast(coalesce(
        sum(responses.opened_count + responses.clicked_count) filter (where campaigns.channel = 'sms'), 0
    ) as integer) as sms_response_count,
    min(responses.unsubscribed_at) as first_unsubscribed_at
from responses
left join campaigns on responses.campaign_id = campaigns.campaign_id
group by responses.customer_id
