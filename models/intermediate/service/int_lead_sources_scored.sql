{#- how many leads of all sources the share of the age band weighs beside those of the source itself -#}
{%- set weight = 10 -%}
with

leads as (
    select * from {{ ref('int_leads_classified') }}
),

bands as (
    {% for band in lead_age_bands() -%}
    select
        '{{ band.name }}' as age_band,
        {{ band.from_days }} as from_days,
        {{ band.from_days if band.to_days is none else band.to_days + 1 }} as passed_days
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- whoever closes at 100 days had been open at 31 days too, and is history for each age on the way; whoever is open still
-- has not been won at the ages that are behind them
settled as (
    select
        leads.source,
        bands.age_band,
        count(*) as settled_count,
        count(*) filter (where leads.status = 'won') as won_count
    from leads
    inner join bands on leads.days_to_close >= bands.from_days or leads.age_days >= bands.passed_days
    group by leads.source, bands.age_band
),

settled_of_all as (
    select
        age_band,
        cast(sum(won_count) as {{ type_double() }}) / cast(sum(settled_count) as {{ type_double() }}) as won_share
    from settled
    group by age_band
),

-- the first band begins at 0 days, so every lead that closed is in it
all_ages as (
    select settled_of_all.won_share
    from settled_of_all
    inner join bands on settled_of_all.age_band = bands.age_band
    where bands.from_days = 0
),

deals as (
    select
        source,
        count(deal_amount) filter (where status = 'won') as deal_count,
        {{ sum_amount('deal_amount', "status = 'won'") }} as deal_amount
    from leads
    group by source
),

deals_of_all as (
    select {{ average_amount('sum(deal_amount)', 'sum(deal_count)') }} as average_deal_amount
    from deals
)

select
    deals.source,
    bands.age_band,
    coalesce(settled.settled_count, 0) as settled_count,
    coalesce(settled.won_count, 0) as won_count,
    (
        cast(coalesce(settled.won_count, 0) as {{ type_double() }}) + {{ weight }} * coalesce(settled_of_all.won_share, all_ages.won_share)
    ) / cast(coalesce(settled.settled_count, 0) + {{ weight }} as {{ type_double() }}) as win_probability,
    coalesce({{ average_amount('deals.deal_amount', 'deals.deal_count') }}, deals_of_all.average_deal_amount) as average_deal_amount
from deals
cross join bands
cross join deals_of_all
left join all_ages on true
left join settled_of_all on bands.age_band = settled_of_all.age_band
left join settled on deals.source = settled.source and bands.age_band = settled.age_band
