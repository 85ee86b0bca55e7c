{%- set tenures = tenure_bands() -%}
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
        '{{ attribute }}' as attribute  -- noqa: RF04
    from customers
    group by rfm_score, coalesce({{ attribute }}, 'unknown')
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

-- bands from low to high (those of age by length first: 0-9, 10-19, 100-109), other values from many customers to few
ordered_values as (
    select
        attribute,
        attribute_value,
        row_number() over (
            partition by attribute
            order by
                case when attribute_value = 'unknown' then 1 else 0 end,
                case
                    when attribute = 'age_band' then {{ dbt.length('attribute_value') }}
                    {%- for band in tenures %}
                    when attribute = 'tenure' and attribute_value = '{{ band.name }}' then {{ loop.index }}
                    {%- endfor %}
                    else -sum(customer_count)
                end,
                attribute_value
        ) as display_order
    from code_values
    group by attribute, attribute_value
),

segment_values as (
    select
        codes.scheme,
        codes.segment,
        code_values.attribute,
        code_values.attribute_value,
        sum(code_values.customer_count) as customer_count
    from code_values
    inner join {{ ref('int_segment_codes') }} as codes on code_values.rfm_score = codes.rfm_score
    group by codes.scheme, codes.segment, code_values.attribute, code_values.attribute_value
),

totalled as (
    select
        *,
        sum(customer_count) over (partition by scheme, segment, attribute) as segment_customer_count
    from segment_values
)

select
    totalled.scheme,
    totalled.segment,
    totalled.attribute,
    totalled.attribute_value,
    cast(ordered_values.display_order as integer) as display_order,
    cast(totalled.customer_count as bigint) as customer_count,
    {{ rate('totalled.customer_count', 'totalled.segment_customer_count') }} as customer_share
from totalled
inner join ordered_values
    on totalled.attribute = ordered_values.attribute and totalled.attribute_value = ordered_values.attribute_value
