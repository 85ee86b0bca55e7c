-- Segments and anonymous customers make up everyone. A customer is in one segment and a purchase has one customer, so for one
-- dimension value even the distinct counts add up.
with

figures as (
    select
        scheme,
        period_grain,
        period_start_date,
        dimension,
        dimension_value,
        sum(case when segment = 'all' then customer_count end) as customer_count,
        sum(case when segment = 'all' then purchase_count end) as purchase_count,
        sum(case when segment = 'all' then sales_amount end) as sales_amount,
        sum(case when segment <> 'all' then customer_count end) as customer_count_of_segments,
        sum(case when segment <> 'all' then purchase_count end) as purchase_count_of_segments,
        sum(case when segment <> 'all' then sales_amount end) as sales_amount_of_segments
    from {{ ref('fct_segment_sales') }}
    group by scheme, period_grain, period_start_date, dimension, dimension_value
)

select * from figures
where
    customer_count is distinct from customer_count_of_segments
    or purchase_count is distinct from purchase_count_of_segments
    or sales_amount is distinct from sales_amount_of_segments
