-- Campaign marts hold what happened up to D only; without a D there are no contacts, touches, campaigns and audiences.
with

as_of as (
    select * from {{ ref('int_as_of') }}
),

last_dates as (
    select
        'int_campaign_contacts.contacted_date' as place,
        max(contacted_date) as last_date
    from {{ ref('int_campaign_contacts') }}
    {%- for event in ['opened_at', 'clicked_at', 'unsubscribed_at'] %}
    union all
    select
        'int_campaign_contacts.{{ event }}' as place,
        {{ reporting_date('max(' ~ event ~ ')') }} as last_date
    from {{ ref('int_campaign_contacts') }}
    {%- endfor %}
    union all
    select
        'fct_campaign_attribution.transaction_date' as place,
        max(transaction_date) as last_date
    from {{ ref('fct_campaign_attribution') }}
    union all
    select
        'fct_campaign_attribution.touched_at' as place,
        {{ reporting_date('max(touched_at)') }} as last_date
    from {{ ref('fct_campaign_attribution') }}
    union all
    select
        'fct_campaign_audiences.as_of_date' as place,
        max(as_of_date) as last_date
    from {{ ref('fct_campaign_audiences') }}
)

select
    last_dates.place,
    last_dates.last_date as offending_date,
    as_of.as_of_date
from last_dates
cross join as_of
where not coalesce(last_dates.last_date <= as_of.as_of_date, last_dates.last_date is null)
union all
select
    'fct_campaign_performance without a D, campaign ' || performance.campaign_id as place,
    cast(null as date) as offending_date,
    as_of.as_of_date
from as_of
cross join {{ ref('fct_campaign_performance') }} as performance
where as_of.as_of_date is null
