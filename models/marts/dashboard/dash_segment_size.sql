-- Read off the migration: everyone with a score comes from one place and is in one, so each movement counts once where it
-- ends and once where it began.
{%- set measures = [
    'customer_count', 'first_purchase_customer_count', 'joined_customer_count', 'left_customer_count', 'previous_month_customer_count'
] %}

with

movements as (
    select
        *,
        from_segment = 'first purchase' as is_first_purchase,
        from_segment <> to_segment as is_move
    from {{ ref('fct_segment_migration') }}
),

ends as (
    select
        scheme,
        as_of_date,
        to_segment as segment,
        customer_count,
        case when is_first_purchase then customer_count else 0 end as first_purchase_customer_count,
        case when is_move then customer_count else 0 end as joined_customer_count,
        0 as left_customer_count,
        0 as previous_month_customer_count
    from movements
    union all
    select
        scheme,
        as_of_date,
        from_segment as segment,
        0 as customer_count,
        0 as first_purchase_customer_count,
        0 as joined_customer_count,
        case when is_move then customer_count else 0 end as left_customer_count,
        customer_count as previous_month_customer_count
    from movements
    where not is_first_purchase
    union all
    -- nobody moves within everyone, and nobody leaves
    select
        scheme,
        as_of_date,
        'all' as segment,
        customer_count,
        case when is_first_purchase then customer_count else 0 end as first_purchase_customer_count,
        case when is_first_purchase then customer_count else 0 end as joined_customer_count,
        0 as left_customer_count,
        case when is_first_purchase then 0 else customer_count end as previous_month_customer_count
    from movements
),

month_ends as (
    select distinct as_of_date from movements
),

segments as (
    select distinct
        scheme,
        segment
    from {{ ref('int_segment_codes') }}
),

sizes as (
    select
        month_ends.as_of_date,
        segments.scheme,
        segments.segment,
        {% for measure in measures -%}
        cast(coalesce(sum(ends.{{ measure }}), 0) as bigint) as {{ measure }},
        {% endfor -%}
        {{ month_index('month_ends.as_of_date') }} as month_number
    from month_ends
    cross join segments
    left join ends
        on
            month_ends.as_of_date = ends.as_of_date
            and segments.scheme = ends.scheme
            and segments.segment = ends.segment
    group by month_ends.as_of_date, segments.scheme, segments.segment
)

select
    sizes.as_of_date,
    sizes.scheme,
    sizes.segment,
    sizes.customer_count,
    sizes.first_purchase_customer_count,
    sizes.joined_customer_count,
    sizes.left_customer_count,
    sizes.previous_month_customer_count,
    {{ change('sizes.customer_count', 'sizes.previous_month_customer_count') }} as customer_count_change_on_previous_period,
    year_before.customer_count as previous_year_customer_count,
    sizes.customer_count - year_before.customer_count as customer_count_gain_on_previous_year
from sizes
left join sizes as year_before
    on
        sizes.scheme = year_before.scheme
        and sizes.segment = year_before.segment
        and sizes.month_number = year_before.month_number + 12
