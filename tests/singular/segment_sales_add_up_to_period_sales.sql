-- Over each dimension the sales of everyone add up to the sales of the period; days only for the last 92.
with

sums as (
    select
        scheme,
        dimension,
        period_grain,
        period_start_date,
        sum(sales_amount) as sales_amount
    from {{ ref('fct_segment_sales') }}
    where segment = 'all'
    group by scheme, dimension, period_grain, period_start_date
),

dimensions as (
    select 'all' as dimension
    union all
    select 'channel' as dimension
    union all
    select 'category' as dimension
    union all
    select 'branch' as dimension
),

schemes as (
    select distinct scheme from {{ ref('dim_segments') }}
),

expected as (
    select
        schemes.scheme,
        dimensions.dimension,
        kpis.period_grain,
        kpis.period_start_date,
        kpis.sales_amount
    from {{ ref('fct_period_kpis') }} as kpis
    cross join {{ ref('int_as_of') }} as as_of
    cross join schemes
    cross join dimensions
    where
        kpis.sales_amount <> 0
        and (kpis.period_grain <> 'day' or kpis.period_start_date > {{ date_plus('as_of.as_of_date', -92, 'day') }})
)

select
    expected.sales_amount as expected_sales_amount,
    sums.sales_amount,
    coalesce(expected.scheme, sums.scheme) as scheme,
    coalesce(expected.dimension, sums.dimension) as dimension,
    coalesce(expected.period_grain, sums.period_grain) as period_grain,
    coalesce(expected.period_start_date, sums.period_start_date) as period_start_date
from expected
full outer join sums
    on
        expected.scheme = sums.scheme
        and expected.dimension = sums.dimension
        and expected.period_grain = sums.period_grain
        and expected.period_start_date = sums.period_start_date
where expected.sales_amount is distinct from sums.sales_amount
