-- Those who are in a segment at a month end are those whose history says so, for every complete month up to D.
with

months as (
    select {{ date_plus(date_plus('period_start_date', 1, 'month'), -1, 'day') }} as month_end_date
    from {{ ref('fct_period_kpis') }}
    where period_grain = 'month' and is_complete
),

spans as (
    select
        rfm_score,
        valid_from_date,
        valid_to_date,
        count(*) as customer_count
    from {{ ref('fct_customer_rfm_history') }}
    group by rfm_score, valid_from_date, valid_to_date
),

expected as (
    select
        lookup.scheme,
        months.month_end_date,
        lookup.segment,
        sum(spans.customer_count) as customer_count
    from spans
    inner join months
        on
            spans.valid_from_date <= months.month_end_date
            and (spans.valid_to_date is null or spans.valid_to_date > months.month_end_date)
    inner join {{ ref('segment_lookup') }} as lookup on spans.rfm_score = lookup.rfm_score
    group by lookup.scheme, months.month_end_date, lookup.segment
),

actual as (
    select
        scheme,
        as_of_date,
        to_segment,
        sum(customer_count) as customer_count
    from {{ ref('fct_segment_migration') }}
    group by scheme, as_of_date, to_segment
)

select
    expected.customer_count as expected_customer_count,
    actual.customer_count,
    coalesce(expected.scheme, actual.scheme) as scheme,
    coalesce(expected.month_end_date, actual.as_of_date) as as_of_date,
    coalesce(expected.segment, actual.to_segment) as to_segment
from expected
full outer join actual
    on
        expected.scheme = actual.scheme
        and expected.month_end_date = actual.as_of_date
        and expected.segment = actual.to_segment
where expected.customer_count is distinct from actual.customer_count
