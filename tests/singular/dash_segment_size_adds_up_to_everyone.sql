-- Sizes of all nine segments of a scheme, empty ones too, and of everyone, looked up once more in the history: at every month end from the
-- first one at which anybody has a score to the last one that is not after D.
with

months as (
    select
        {{ date_plus(date_plus('period_start_date', 1, 'month'), -1, 'day') }} as month_end_date,
        {{ month_index('period_start_date') }} as month_number
    from {{ ref('fct_period_kpis') }}
    where period_grain = 'month' and is_complete
),

history as (
    select
        history.rfm_score,
        history.valid_from_date,
        history.valid_to_date,
        -- the month whose end this span makes the first of a customer
        case
            when {{ month_index('history.valid_from_date') }} = {{ month_index('customers.first_purchase_date') }}
                then {{ month_index('history.valid_from_date') }}
        end as first_month_number
    from {{ ref('fct_customer_rfm_history') }} as history
    inner join {{ ref('dim_customers') }} as customers on history.customer_id = customers.customer_id
),

spans as (
    select
        rfm_score,
        valid_from_date,
        valid_to_date,
        first_month_number,
        count(*) as customer_count
    from history
    group by rfm_score, valid_from_date, valid_to_date, first_month_number
),

scored as (
    select
        months.month_end_date,
        months.month_number,
        spans.rfm_score,
        sum(spans.customer_count) as customer_count,
        sum(case when spans.first_month_number = months.month_number then spans.customer_count else 0 end) as first_purchase_customer_count
    from spans
    inner join months
        on
            spans.valid_from_date <= months.month_end_date
            and (spans.valid_to_date is null or spans.valid_to_date > months.month_end_date)
    group by months.month_end_date, months.month_number, spans.rfm_score
),

month_ends as (
    select distinct
        month_end_date,
        month_number
    from scored
),

codes as (
    select
        scheme,
        segment,
        rfm_score
    from {{ ref('segment_lookup') }}
    union all
    select
        scheme,
        'all' as segment,
        rfm_score
    from {{ ref('segment_lookup') }}
),

sizes as (
    select
        month_ends.month_end_date,
        month_ends.month_number,
        codes.scheme,
        codes.segment,
        coalesce(sum(scored.customer_count), 0) as customer_count,
        coalesce(sum(scored.first_purchase_customer_count), 0) as first_purchase_customer_count
    from month_ends
    cross join codes
    left join scored on month_ends.month_number = scored.month_number and codes.rfm_score = scored.rfm_score
    group by month_ends.month_end_date, month_ends.month_number, codes.scheme, codes.segment
),

expected as (
    select
        sizes.month_end_date,
        sizes.scheme,
        sizes.segment,
        sizes.customer_count,
        sizes.first_purchase_customer_count,
        year_before.customer_count as previous_year_customer_count,
        coalesce(month_before.customer_count, 0) as previous_month_customer_count
    from sizes
    left join sizes as month_before
        on
            sizes.scheme = month_before.scheme
            and sizes.segment = month_before.segment
            and sizes.month_number = month_before.month_number + 1
    left join sizes as year_before
        on
            sizes.scheme = year_before.scheme
            and sizes.segment = year_before.segment
            and sizes.month_number = year_before.month_number + 12
)
{% set measures = ['customer_count', 'first_purchase_customer_count', 'previous_month_customer_count', 'previous_year_customer_count'] %}
select
    {% for measure in measures -%}
    actual.{{ measure }},
    expected.{{ measure }} as expected_{{ measure }},
    {% endfor -%}
    coalesce(actual.as_of_date, expected.month_end_date) as as_of_date,
    coalesce(actual.scheme, expected.scheme) as scheme,
    coalesce(actual.segment, expected.segment) as segment
from expected
full outer join {{ ref('dash_segment_size') }} as actual
    on
        expected.month_end_date = actual.as_of_date
        and expected.scheme = actual.scheme
        and expected.segment = actual.segment
where
    expected.segment is null
    {%- for measure in measures %}
    or actual.{{ measure }} is distinct from expected.{{ measure }}
    {%- endfor %}
