with

segments as (
    select * from {{ ref('dim_segments') }}
),

as_of as (
    select * from {{ ref('int_as_of') }}
),

-- customers of one code are of one segment: the codes are counted first, then looked up
codes as (
    select
        rfm_score,
        count(*) as customer_count,
        sum(sales_amount_in_window) as sales_amount
    from {{ ref('fct_customer_rfm') }}
    group by rfm_score
),

counted as (
    select
        lookup.scheme,
        lookup.segment,
        sum(codes.customer_count) as customer_count,
        sum(codes.sales_amount) as sales_amount
    from codes
    inner join {{ ref('segment_lookup') }} as lookup on codes.rfm_score = lookup.rfm_score
    group by lookup.scheme, lookup.segment
),

filled as (
    select
        as_of.as_of_date,
        segments.scheme,
        segments.segment,
        segments.display_order,
        cast(coalesce(counted.customer_count, 0) as bigint) as customer_count,
        cast(coalesce(counted.sales_amount, 0) as decimal(18, 2)) as sales_amount
    from segments
    cross join as_of
    left join counted on segments.scheme = counted.scheme and segments.segment = counted.segment
),

totalled as (
    select
        *,
        sum(customer_count) over (partition by scheme) as total_customer_count,
        sum(sales_amount) over (partition by scheme) as total_sales_amount,
        sum(customer_count) over sales_from_high_to_low as cumulative_customer_count,
        sum(sales_amount) over sales_from_high_to_low as cumulative_sales_amount
    from filled
    window sales_from_high_to_low as (partition by scheme order by sales_amount desc, display_order asc)
)

select
    as_of_date,
    scheme,
    segment,
    customer_count,
    {{ rate('customer_count', 'total_customer_count') }} as customer_share,
    sales_amount,
    {{ rate('sales_amount', 'total_sales_amount') }} as sales_share,
    {{ average_amount('sales_amount', 'customer_count') }} as average_sales_amount,
    cast(rank() over (partition by scheme order by customer_count desc) as integer) as customer_rank,
    cast(rank() over (partition by scheme order by sales_amount desc) as integer) as sales_rank,
    cast(total_customer_count as bigint) as total_customer_count,
    {{ rate('cumulative_customer_count', 'total_customer_count') }} as cumulative_customer_share,
    {{ rate('cumulative_sales_amount', 'total_sales_amount') }} as cumulative_sales_share
from totalled
