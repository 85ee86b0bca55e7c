-- Answers of a segment are those of the customers whose score as of D says so.
with

schemes as (
    select distinct scheme from {{ ref('dim_segments') }}
),

answers as (
    select
        schemes.scheme,
        surveys.survey_type,
        case
            when surveys.customer_id is null then 'anonymous'
            when scores.customer_id is null then 'unscored'
            when schemes.scheme = 'customer_360' then scores.customer_360_segment
            else scores.crm_dashboard_segment
        end as segment
    from {{ ref('int_surveys_classified') }} as surveys
    cross join schemes
    left join {{ ref('fct_customer_rfm') }} as scores on surveys.customer_id = scores.customer_id
),

expected as (
    select
        scheme,
        survey_type,
        segment,
        count(*) as response_count
    from answers
    group by scheme, survey_type, segment
),

actual as (
    select
        scheme,
        survey_type,
        segment,
        sum(response_count) as response_count
    from {{ ref('fct_satisfaction') }}
    where period_grain = 'year' and segment <> 'all'
    group by scheme, survey_type, segment
)

select
    expected.response_count as expected_response_count,
    actual.response_count,
    coalesce(expected.scheme, actual.scheme) as scheme,
    coalesce(expected.survey_type, actual.survey_type) as survey_type,
    coalesce(expected.segment, actual.segment) as segment
from expected
full outer join actual
    on expected.scheme = actual.scheme and expected.survey_type = actual.survey_type and expected.segment = actual.segment
where expected.response_count is distinct from actual.response_count
