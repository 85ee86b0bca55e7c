with

segments as (
    select distinct
        scheme,
        segment
    from {{ ref('int_segment_codes') }}
),

scores as (
    select distinct score from {{ ref('rfm_scale') }}
),

code_sums as (
    select
        rfm_score,
        recency_score,
        frequency_score,
        count(*) as customer_count,
        sum(sales_amount_in_window) as sales_amount
    from {{ ref('fct_customer_rfm') }}
    group by rfm_score, recency_score, frequency_score
),

cells as (
    select
        codes.scheme,
        codes.segment,
        code_sums.recency_score,
        code_sums.frequency_score,
        sum(code_sums.customer_count) as customer_count,
        sum(code_sums.sales_amount) as sales_amount
    from code_sums
    inner join {{ ref('int_segment_codes') }} as codes on code_sums.rfm_score = codes.rfm_score
    group by codes.scheme, codes.segment, code_sums.recency_score, code_sums.frequency_score
)

select
    segments.scheme,
    segments.segment,
    recency.score as recency_score,
    frequency.score as frequency_score,
    cast(coalesce(cells.customer_count, 0) as bigint) as customer_count,
    cast(coalesce(cells.sales_amount, 0) as decimal(18, 2)) as sales_amount
from segments
cross join scores as recency
cross join scores as frequency
left join cells
    on
        segments.scheme = cells.scheme
        and segments.segment = cells.segment
        and recency.score = cells.recency_score
        and frequency.score = cells.frequency_score
