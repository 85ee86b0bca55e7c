{%- set tenures = tenure_bands() -%}
{#- a retailer has thousands of towns: each segment names its most common values, and the rest stand together -#}
{%- set named = 8 -%}
{%- set rests = {
    'city': 'other places', 'region': 'other places', 'country': 'other places',
    'gender': 'other values', 'preferred_channel': 'other values', 'acquisition_source': 'other values'
} -%}
{%- set attributes = [
    'age_band', 'gender', 'city', 'region', 'country', 'preferred_channel', 'acquisition_source', 'loyalty', 'tenure'
] %}

with

customers as (
    select
        rfm_score,
        age_band,
        gender,
        city,
        region,
        country,
        preferred_channel,
        acquisition_source,
        case when is_loyalty_member then 'member' else 'not a member' end as loyalty,
        case
            {%- for band in tenures %}
            when tenure_days {{ '<= ' ~ band.to_days if band.to_days else '> ' ~ tenures[-2].to_days }} then '{{ band.name }}'
            {%- endfor %}
        end as tenure
    from {{ ref('dim_customers') }}
    where rfm_score is not null
),

code_values as (
    {% for attribute in attributes -%}
    select
        rfm_score,
        coalesce({{ attribute }}, 'unknown') as attribute_value,
        count(*) as customer_count,
        '{{ attribute }}' as attribute,  -- noqa: RF04
        {{ sql_text(rests[attribute]) if attribute in rests else 'cast(null as ' ~ dbt.type_string() ~ ')' }} as rest_name
    from customers
    group by rfm_score, coalesce({{ attribute }}, 'unknown')
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

everyones_values as (
    select
        attribute,
        attribute_value,
        sum(customer_count) as everyones_count,
        sum(case when attribute_value <> 'unknown' then sum(customer_count) else 0 end) over (partition by attribute) as everyones_known_count,
        sum(sum(customer_count)) over (partition by attribute) as everyone_count
    from code_values
    group by attribute, attribute_value
),

segment_values as (
    select
        codes.scheme,
        codes.segment,
        code_values.attribute,
        code_values.attribute_value,
        code_values.rest_name,
        sum(code_values.customer_count) as customer_count
    from code_values
    inner join {{ ref('int_segment_codes') }} as codes on code_values.rfm_score = codes.rfm_score
    group by codes.scheme, codes.segment, code_values.attribute, code_values.attribute_value, code_values.rest_name
),

ranked as (
    select
        segment_values.*,
        everyones_values.everyones_count,
        everyones_values.everyones_known_count,
        everyones_values.everyone_count,
        segment_values.attribute_value <> 'unknown' as is_known,
        sum(segment_values.customer_count) over segment_attribute as segment_customer_count,
        sum(case when segment_values.attribute_value <> 'unknown' then 1 else 0 end) over segment_attribute as known_value_count,
        row_number() over (
            partition by segment_values.scheme, segment_values.segment, segment_values.attribute
            order by
                case when segment_values.attribute_value = 'unknown' then 1 else 0 end asc,
                segment_values.customer_count desc,
                everyones_values.everyones_count desc,
                segment_values.attribute_value asc
        ) as place
    from segment_values
    inner join everyones_values
        on
            segment_values.attribute = everyones_values.attribute
            and segment_values.attribute_value = everyones_values.attribute_value
    window segment_attribute as (partition by segment_values.scheme, segment_values.segment, segment_values.attribute)
),

-- the rest are at least two values: a single one is named
told_apart as (
    select
        *,
        is_known and rest_name is not null and place > {{ named }} and known_value_count > {{ named + 1 }} as is_rest
    from ranked
),

named_values as (
    select
        *,
        case when is_rest then rest_name else attribute_value end as shown_value,
        -- of everyone the rest are all those whom the segment's own names leave out, in places too where it has nobody
        case
            when is_rest
                then everyones_known_count - sum(case when is_known and not is_rest then everyones_count else 0 end) over (
                    partition by scheme, segment, attribute
                )
            else everyones_count
        end as compared_count
    from told_apart
),

-- bands from low to high (those of age by length first: 0-9, 10-19, 100-109), other values from many customers to few
ordered_values as (
    select
        attribute,
        shown_value,
        row_number() over (
            partition by attribute
            order by
                case when shown_value = 'unknown' then 2 when shown_value = max(rest_name) then 1 else 0 end,
                case
                    when attribute = 'age_band' then {{ dbt.length('shown_value') }}
                    {%- for band in tenures %}
                    when attribute = 'tenure' and shown_value = '{{ band.name }}' then {{ loop.index }}
                    {%- endfor %}
                    else -max(everyones_count)
                end,
                shown_value
        ) as display_order
    from named_values
    group by attribute, shown_value
),

summed as (
    select
        scheme,
        segment,
        attribute,
        shown_value,
        max(segment_customer_count) as segment_customer_count,
        max(everyone_count) as everyone_count,
        max(compared_count) as compared_count,
        sum(customer_count) as customer_count
    from named_values
    group by scheme, segment, attribute, shown_value
)

select
    summed.scheme,
    summed.segment,
    summed.attribute,
    summed.shown_value as attribute_value,
    cast(ordered_values.display_order as integer) as display_order,
    cast(summed.customer_count as bigint) as customer_count,
    {{ rate('summed.customer_count', 'summed.segment_customer_count') }} as customer_share,
    {{ rate('summed.compared_count', 'summed.everyone_count') }} as all_customer_share
from summed
inner join ordered_values
    on summed.attribute = ordered_values.attribute and summed.shown_value = ordered_values.shown_value
