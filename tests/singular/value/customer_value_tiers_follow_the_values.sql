-- Nobody of a lower tier is worth more than somebody of a higher one, equal values have equal tiers, and no customer beyond the tier's share of
-- customers is in it but by a tie.
{% set value = 'historic_net_sales_amount + cast(predicted_sales_amount_next_12_months as decimal(18, 2))' -%}
with

tiers as (
    select
        value_tier,
        min({{ value }}) as least_value,
        max({{ value }}) as greatest_value
    from {{ ref('fct_customer_value') }}
    where value_tier is not null
    group by value_tier
),

-- customers worth more than the least of a tier are fewer than its share
counted as (
    select
        tiers.value_tier,
        bands.upper_share,
        count(*) as customer_count,
        count(*) filter (where {{ value }} > tiers.least_value) as better_count
    from tiers
    inner join {{ ref('customer_value_bands') }} as bands on tiers.value_tier = bands.band and bands.measure = 'value_tier'
    cross join {{ ref('fct_customer_value') }} as customer_value
    where customer_value.value_tier is not null
    group by tiers.value_tier, bands.upper_share
)

select
    'high and mid overlap' as finding,
    high_tier.least_value as figure
from tiers as high_tier
inner join tiers as mid_tier on high_tier.least_value <= mid_tier.greatest_value
where high_tier.value_tier = 'high' and mid_tier.value_tier = 'mid'
union all
select
    'mid and low overlap' as finding,
    mid_tier.least_value as figure
from tiers as mid_tier
inner join tiers as low_tier on mid_tier.least_value <= low_tier.greatest_value
where mid_tier.value_tier = 'mid' and low_tier.value_tier = 'low'
union all
select
    value_tier || ' holds more than its share' as finding,
    better_count as figure
from counted
where better_count + 1 > upper_share * customer_count
