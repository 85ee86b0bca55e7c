-- Distinct counts do not add up, so every combination is counted. Two things keep that cheap: a customer counts on the
-- first purchase day of a period with that dimension value, found by the day before; and a customer has one RFM score
-- as of D, so that counts per score add up to counts per segment.
with

purchases as (
    select * from {{ ref('fct_transactions') }}
    where is_purchase
),

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
    from purchases
    union all
    {% endfor -%}
    select
        purchases.customer_id,
        purchases.transaction_date,
        'category' as dimension,
        line_sums.category as dimension_value,
        line_sums.amount
    from purchases
    inner join line_sums on purchases.transaction_id = line_sums.transaction_id
    union all
    -- what the lines leave open; a purchase counts here only where that is not 0
    select
        purchases.customer_id,
        purchases.transaction_date,
        'category' as dimension,
        'unallocated' as dimension_value,
        purchases.amount - coalesce(transaction_line_sums.amount, 0) as amount
    from purchases
    left join transaction_line_sums on purchases.transaction_id = transaction_line_sums.transaction_id
    where purchases.amount <> coalesce(transaction_line_sums.amount, 0)
),

days as (
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

days_in_order as (
    select
        *,
        case
            when customer_id is not null
                then lag(transaction_date) over (
                    partition by customer_id, dimension, dimension_value order by transaction_date
                )
        end as previous_date
    from days
),

scored_days as (
    select
        days_in_order.*,
        scores.rfm_score
    from days_in_order
    left join {{ ref('fct_customer_rfm') }} as scores on days_in_order.customer_id = scores.customer_id
),

code_figures as (
    {% for grain in period_grains() -%}
    {%- set start = period_start(grain, 'transaction_date') -%}
    select
        '{{ grain }}' as period_grain,
        {{ start }} as period_start_date,
        dimension,
        dimension_value,
        rfm_score,
        count(customer_id) filter (where coalesce(previous_date < {{ start }}, true)) as customer_count,
        sum(purchase_count) as purchase_count,
        sum(sales_amount) as sales_amount
    from scored_days
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

segment_figures as (
    select
        lookup.scheme,
        lookup.segment,
        code_figures.*
    from code_figures
    inner join {{ ref('segment_lookup') }} as lookup on code_figures.rfm_score = lookup.rfm_score
    union all
    select
        schemes.scheme,
        totals.segment,
        code_figures.*
    from code_figures
    cross join schemes
    cross join totals
    where totals.segment = 'all' or code_figures.rfm_score is null
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
from segment_figures
group by scheme, segment, period_grain, period_start_date, dimension, dimension_value
