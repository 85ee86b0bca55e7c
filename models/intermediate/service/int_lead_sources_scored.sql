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
        {{ band.from_days }} as from_days
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- whoever closes at 100 days had been open at 31 days too, and is history for each age on the way
closed as (
    select
        leads.source,
        bands.age_band,
        count(*) as closed_count,
        count(*) filter (where leads.status = 'won') as won_count
    from leads
    inner join bands on leads.days_to_close >= bands.from_days
    group by leads.source, bands.age_band
),

closed_of_all as (
    select
        age_band,
        cast(sum(won_count) as {{ type_double() }}) / cast(sum(closed_count) as {{ type_double() }}) as won_share
    from closed
    group by age_band
),

-- the first band begins at 0 days, so everything that closed is in it
all_ages as (
    select closed_of_all.won_share
    from closed_of_all
    inner join bands on closed_of_all.age_band = bands.age_band
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
    coalesce(closed.closed_count, 0) as closed_count,
    coalesce(closed.won_count, 0) as won_count,
    (
        cast(coalesce(closed.won_count, 0) as {{ type_double() }}) + {{ weight }} * coalesce(closed_of_all.won_share, all_ages.won_share)
    ) / cast(coalesce(closed.closed_count, 0) + {{ weight }} as {{ type_double() }}) as win_probability,
    coalesce({{ average_amount('deals.deal_amount', 'deals.deal_count') }}, deals_of_all.average_deal_amount) as average_deal_amount
from deals
cross join bands
cross join deals_of_all
left join all_ages on true
left join closed_of_all on bands.age_band = closed_of_all.age_band
left join closed on deals.source = closed.source and bands.age_band = closed.age_band
