with

as_of as (
    select * from {{ ref('int_as_of') }}
),

canonical as (
    select * from {{ ref('base_crm__canonical_customers') }}
),

-- what became of a lead after D is not known yet
leads as (
    select
        leads.lead_id,
        coalesce(canonical.canonical_customer_id, leads.customer_id) as customer_id,
        -- names of the raw contract
        coalesce(leads.source, 'unknown') as source,  -- noqa: RF04
        coalesce(leads.owner, 'unknown') as owner,  -- noqa: RF04
        leads.created_at,
        {{ reporting_date('leads.created_at') }} as created_date,
        {% for stamp in ['qualified_at', 'won_at', 'lost_at'] -%}
        case when {{ reporting_date('leads.' ~ stamp) }} <= as_of.as_of_date then leads.{{ stamp }} end as {{ stamp }},
        {% endfor -%}
        leads.deal_amount,
        as_of.as_of_date
    from {{ ref('stg_crm__leads') }} as leads
    cross join as_of
    left join canonical on leads.customer_id = canonical.customer_id
    where {{ reporting_date('leads.created_at') }} <= as_of.as_of_date
),

closed as (
    select
        *,
        case when won_at is not null then 'won' when lost_at is not null then 'lost' else 'open' end as status,
        coalesce(won_at, lost_at) as closed_at,
        {{ reporting_date('coalesce(won_at, lost_at)') }} as closed_date
    from leads
),

aged as (
    select
        *,
        coalesce(closed_at < created_at, false) as is_closed_before_created,
        -- one of the two stamps is wrong, so neither tells how long it took
        case when closed_at >= created_at then {{ days_between('created_date', 'closed_date') }} end as days_to_close,
        case when closed_at is null then {{ days_between('created_date', 'as_of_date') }} end as age_days
    from closed
)

select
    lead_id,
    customer_id,
    source,
    owner,
    created_at,
    created_date,
    qualified_at,
    won_at,
    lost_at,
    status,
    closed_date,
    is_closed_before_created,
    days_to_close,
    case when status = 'won' then days_to_close end as sales_cycle_days,
    age_days,
    case
        {%- for band in lead_age_bands() %}
        when age_days {{ 'between ' ~ band.from_days ~ ' and ' ~ band.to_days if band.to_days else '>= ' ~ band.from_days }} then '{{ band.name }}'
        {%- endfor %}
    end as age_band,
    deal_amount
from aged
