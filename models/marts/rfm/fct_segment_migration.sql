-- No table of customers times months: a span that covers several month ends stays where it is at all but the first of
-- them, and only its first one is a move, from the span that covered the month end before.
with

months as (
    select
        period_end_date as month_end_date,
        {{ month_index('period_end_date') }} as month_number
    from {{ ref('int_periods_spined') }}
    where period_grain = 'month' and is_complete
),

-- the first and the last month end that a span covers; one that covers none drops out
covering_spans as (
    select
        history.customer_id,
        history.valid_from_date,
        history.rfm_score,
        {{ month_index('history.valid_from_date') }} as first_month_number,
        {{ month_index('coalesce(history.valid_to_date, ' ~ date_plus('as_of.as_of_date', 1, 'day') ~ ')') }} - 1 as last_month_number
    from {{ ref('fct_customer_rfm_history') }} as history
    cross join {{ ref('int_as_of') }} as as_of
    where
        {{ month_index('history.valid_from_date') }}
        < {{ month_index('coalesce(history.valid_to_date, ' ~ date_plus('as_of.as_of_date', 1, 'day') ~ ')') }}
),

moving_spans as (
    select
        first_month_number as month_number,
        rfm_score as to_score,
        lag(rfm_score) over (partition by customer_id order by valid_from_date) as from_score
    from covering_spans
),

moves as (
    select
        month_number,
        from_score,
        to_score,
        count(*) as customer_count
    from moving_spans
    group by month_number, from_score, to_score
),

-- customers who begin to stay in a code and who end it, per month
beginnings_and_ends as (
    select
        first_month_number + 1 as month_number,
        rfm_score,
        count(*) as difference
    from covering_spans
    group by first_month_number, rfm_score
    union all
    select
        last_month_number + 1 as month_number,
        rfm_score,
        -count(*) as difference
    from covering_spans
    group by last_month_number, rfm_score
),

stay_changes as (
    select
        month_number,
        rfm_score,
        sum(difference) as difference
    from beginnings_and_ends
    group by month_number, rfm_score
),

stays as (
    select
        months.month_number,
        codes.rfm_score as from_score,
        codes.rfm_score as to_score,
        sum(coalesce(stay_changes.difference, 0)) over (
            partition by codes.rfm_score order by months.month_number
        ) as customer_count
    from months
    cross join {{ ref('int_rfm_codes_looked_up') }} as codes
    left join stay_changes
        on months.month_number = stay_changes.month_number and codes.rfm_score = stay_changes.rfm_score
),

code_moves as (
    select
        month_number,
        from_score,
        to_score,
        customer_count
    from moves
    union all
    select
        month_number,
        from_score,
        to_score,
        customer_count
    from stays
    where customer_count > 0
),

segment_moves as (
    select
        to_codes.scheme,
        code_moves.month_number,
        to_codes.segment as to_segment,
        coalesce(from_codes.segment, 'first purchase') as from_segment,
        code_moves.from_score is null as is_first_purchase,
        sum(code_moves.customer_count) as customer_count
    from code_moves
    inner join {{ ref('segment_lookup') }} as to_codes on code_moves.to_score = to_codes.rfm_score
    left join {{ ref('segment_lookup') }} as from_codes
        on code_moves.from_score = from_codes.rfm_score and to_codes.scheme = from_codes.scheme
    group by
        to_codes.scheme,
        code_moves.month_number,
        from_codes.segment,
        to_codes.segment,
        code_moves.from_score is null
),

totalled as (
    select
        *,
        sum(customer_count) over (partition by scheme, month_number, from_segment) as from_customer_count
    from segment_moves
)

select
    totalled.scheme,
    months.month_end_date as as_of_date,
    totalled.from_segment,
    totalled.to_segment,
    cast(totalled.customer_count as bigint) as customer_count,
    case
        when not totalled.is_first_purchase
            then {{ rate('totalled.customer_count', 'totalled.from_customer_count') }}
    end as from_share
from totalled
inner join months on totalled.month_number = months.month_number
