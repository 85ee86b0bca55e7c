-- What the page shows of a segment is of the same customers and sales as the split: each attribute of the profile, the RFM grid, and
-- value tiers with churn risks. `all` is everyone with a score. The attributes are listed here, so that none can be missing from the profile.
{%- set attributes = [
    'age_band', 'gender', 'city', 'region', 'country', 'preferred_channel', 'acquisition_source', 'loyalty', 'tenure'
] -%}
{%- set tiers = "case when value_tier = 'all' then 'all' else 'each' end" -%}
{%- set risks = "case when churn_risk = 'all' then 'all' else 'each' end" %}

with

split as (
    select
        scheme,
        segment,
        customer_count,
        sales_amount
    from {{ ref('fct_segment_split') }}
    union all
    select
        scheme,
        'all' as segment,
        sum(customer_count) as customer_count,
        sum(sales_amount) as sales_amount
    from {{ ref('fct_segment_split') }}
    group by scheme
),

attributes as (
    select listed.kind
    from (values ('{{ attributes | join("'), ('") }}')) as listed (kind)
),

lifetimes as (
    select
        codes.scheme,
        codes.segment,
        sum(customers.sales_amount_lifetime) as sales_amount
    from {{ ref('dim_customers') }} as customers
    inner join {{ ref('int_segment_codes') }} as codes on customers.rfm_score = codes.rfm_score
    group by codes.scheme, codes.segment
),

-- tiers and risks, the totals of either, and those of both
totals as (
    select
        tiers.kind as value_tier,
        risks.kind as churn_risk
    from (values ('each'), ('all')) as tiers (kind)
    cross join (values ('each'), ('all')) as risks (kind)
),

expected as (
    select
        split.scheme,
        split.segment,
        'profile: ' || attributes.kind as place,
        split.customer_count,
        null as sales_amount
    from split
    cross join attributes
    union all
    select
        scheme,
        segment,
        'grid' as place,
        customer_count,
        sales_amount
    from split
    union all
    select
        split.scheme,
        split.segment,
        'value by ' || totals.value_tier || ' tier, ' || totals.churn_risk || ' risk' as place,
        split.customer_count,
        lifetimes.sales_amount
    from split
    cross join totals
    left join lifetimes on split.scheme = lifetimes.scheme and split.segment = lifetimes.segment
),

actual as (
    select
        scheme,
        segment,
        'profile: ' || attribute as place,
        sum(customer_count) as customer_count,
        null as sales_amount
    from {{ ref('dash_customer_profile') }}
    group by scheme, segment, attribute
    union all
    select
        scheme,
        segment,
        'grid' as place,
        sum(customer_count) as customer_count,
        sum(sales_amount) as sales_amount
    from {{ ref('dash_rfm_grid') }}
    group by scheme, segment
    union all
    select
        scheme,
        segment,
        'value by ' || {{ tiers }} || ' tier, ' || {{ risks }} || ' risk' as place,
        sum(customer_count) as customer_count,
        sum(historic_sales_amount) as sales_amount
    from {{ ref('dash_segment_value') }}
    group by scheme, segment, {{ tiers }}, {{ risks }}
)

select
    expected.customer_count as expected_customer_count,
    actual.customer_count,
    expected.sales_amount as expected_sales_amount,
    actual.sales_amount,
    coalesce(expected.scheme, actual.scheme) as scheme,
    coalesce(expected.segment, actual.segment) as segment,
    coalesce(expected.place, actual.place) as place
from expected
full outer join actual
    on expected.scheme = actual.scheme and expected.segment = actual.segment and expected.place = actual.place
where
    -- a segment without customers has no row in two of them
    coalesce(expected.customer_count, 0) is distinct from coalesce(actual.customer_count, 0)
    or coalesce(expected.sales_amount, 0) is distinct from coalesce(actual.sales_amount, 0)
