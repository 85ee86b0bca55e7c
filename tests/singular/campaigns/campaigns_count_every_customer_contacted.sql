-- Customers of a campaign are those of its contacts, once each, in one arm or the other.
with

expected as (
    select
        campaign_id,
        count(distinct customer_id) as customer_count
    from {{ ref('int_campaign_contacts') }}
    group by campaign_id
),

found as (
    select
        campaign_id,
        contacted_count + control_count as customer_count
    from {{ ref('fct_campaign_performance') }}
    where segment = 'all'
)

select
    expected.customer_count as expected_customer_count,
    found.customer_count,
    coalesce(expected.campaign_id, found.campaign_id) as campaign_id
from expected
full outer join found on expected.campaign_id = found.campaign_id
where coalesce(expected.customer_count, 0) is distinct from found.customer_count
