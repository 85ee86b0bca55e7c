-- Distinct counts do not add up, so every combination is counted. Three things keep that cheap: a customer counts on the
-- first purchase day of a period with that dimension value, found by the day before, so that counts of days add up to
-- periods; a customer has one RFM score as of D, so that counts per score add up to segments; and one pass over the
-- customers' days counts for all grains.
with

line_sums as (
    select
        transaction_id,
        coalesce(category, 'unknown') as category,
        sum(amount) as amount
    from {{ ref('fct_transaction_lines') }}
    group by transaction_id, coalesce(category, 'unknown')
),

transaction_line_sums as (
    select
        transaction_id,
        sum(amount) as amount
    from line_sums
    group by transaction_id
),

values_sold as (
    {% for dimension, value in [('all', "'all'"), ('channel', "coalesce(channel, 'unknown')"), ('branch', "coalesce(branch_id, 'unknown')")] -%}
    select
        customer_id,
        transaction_date,
        '{{ dimension }}' as dimension,
        {{ value }} as dimension_value,
        amount
    from {{ ref('fct_transactions') }}
    where is_purchase
    union all
    {% endfor -%}
    select
        purchases.customer_id,
        purchases.transaction_date,
        'category' as dimension,
        line_sums.category as dimension_value,
        line_sums.amount
    from {{ ref('fct_transactions') }} as purchases
    inner join line_sums on purchases.transaction_id = line_sums.transaction_id
    where purchases.is_purchase
    union all
    -- what the lines leave open; a purchase counts here only where that is not 0
    select
        purchases.customer_id,
        purchases.transaction_date,
        'category' as dimension,
        'unallocated' as dimension_value,
        purchases.amount - coalesce(transaction_line_sums.amount, 0) as amount
    from {{ ref('fct_transactions') }} as purchases
    left join transaction_line_sums on purchases.transaction_id = transaction_line_sums.transaction_id
    where purchases.is_purchase and purchases.amount <> coalesce(transaction_line_sums.amount, 0)
),

customer_days as (
    select
        customer_id,
        transaction_date,
        dimension,
        dimension_value,
        count(*) as purchase_count,
        sum(amount) as sales_amount
    from values_sold
    group by customer_id, transaction_date, dimension, dimension_value
),

customer_days_in_order as (
    select
        *,
        case
            when customer_id is not null
                then lag(transaction_date) over (
                    partition by customer_id, dimension, dimension_value order by transaction_date
                )
        end as previous_date
    from customer_days
),

-- per RFM score: NULL is that of anonymous purchases
code_days as (
    select
        days_in_order.transaction_date,
        days_in_order.dimension,
        days_in_order.dimension_value,
        scores.rfm_score,
        {% for grain in period_grains() -%}
        count(days_in_order.customer_id) filter (
            where coalesce(days_in_order.previous_date < {{ period_start(grain, 'days_in_order.transaction_date') }}, true)
        ) as {{ grain }}_customer_count,
        {% endfor -%}
        sum(days_in_order.purchase_count) as purchase_count,
        sum(days_in_order.sales_amount) as sales_amount
    from customer_days_in_order as days_in_order
    left join {{ ref('fct_customer_rfm') }} as scores on days_in_order.customer_id = scores.customer_id
    group by days_in_order.transaction_date, days_in_order.dimension, days_in_order.dimension_value, scores.rfm_score
),

code_periods as (
    {% for grain in period_grains() -%}
    {%- set start = period_start(grain, 'transaction_date') -%}
    select
        '{{ grain }}' as period_grain,
        {{ start }} as period_start_date,
        dimension,
        dimension_value,
        rfm_score,
        sum({{ grain }}_customer_count) as customer_count,
        sum(purchase_count) as purchase_count,
        sum(sales_amount) as sales_amount
    from code_days
    {%- if grain == 'day' %}
    where transaction_date > (select {{ date_plus('as_of.as_of_date', -92, 'day') }} from {{ ref('int_as_of') }} as as_of)
    {%- endif %}
    group by {{ start }}, dimension, dimension_value, rfm_score
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

schemes as (
    select distinct scheme from {{ ref('dim_segments') }}
),

totals as (
    select 'all' as segment
    union all
    select 'anonymous' as segment
),

segment_periods as (
    select
        lookup.scheme,
        lookup.segment,
        code_periods.*
    from code_periods
    inner join {{ ref('segment_lookup') }} as lookup on code_periods.rfm_score = lookup.rfm_score
    union all
    select
        schemes.scheme,
        totals.segment,
        code_periods.*
    from code_periods
    cross join schemes
    cross join totals
    where totals.segment = 'all' or code_periods.rfm_score is null
)

select
    scheme,
    segment,
    period_grain,
    period_start_date,
    dimension,
    dimension_value,
    cast(sum(customer_count) as bigint) as customer_count,
    cast(sum(purchase_count) as bigint) as purchase_count,
    {{ sum_amount('sales_amount') }} as sales_amount
from segment_periods
group by scheme, segment, period_grain, period_start_date, dimension, dimension_value
