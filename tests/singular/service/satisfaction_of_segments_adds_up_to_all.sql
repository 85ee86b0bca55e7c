-- Segments, anonymous and unscored customers make up everyone; and everyone's answers, counted once more, are the accepted ones.
with

figures as (
    select
        survey_type,
        period_grain,
        period_start_date,
        scheme,
        sum(case when segment = 'all' then response_count end) as response_count,
        sum(case when segment <> 'all' then response_count end) as response_count_of_segments,
        sum(case when segment = 'all' then average_score * response_count end) as total_score,
        sum(case when segment <> 'all' then average_score * response_count end) as total_score_of_segments
    from {{ ref('fct_satisfaction') }}
    group by survey_type, period_grain, period_start_date, scheme
),

schemes as (
    select distinct scheme from {{ ref('dim_segments') }}
),

answers as (
    select
        surveys.survey_type,
        {{ reporting_date('surveys.responded_at') }} as responded_date
    from {{ ref('stg_crm__surveys') }} as surveys
    cross join {{ ref('int_as_of') }} as as_of
    where {{ reporting_date('surveys.responded_at') }} <= as_of.as_of_date
),

expected as (
    {% for grain in period_grains() -%}
    select
        answers.survey_type,
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'answers.responded_date') }} as period_start_date,
        schemes.scheme,
        count(*) as response_count
    from answers
    cross join schemes
    group by answers.survey_type, {{ period_start(grain, 'answers.responded_date') }}, schemes.scheme
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    figures.*,
    expected.response_count as expected_response_count
from figures
full outer join expected
    on
        figures.survey_type = expected.survey_type
        and figures.period_grain = expected.period_grain
        and figures.period_start_date = expected.period_start_date
        and figures.scheme = expected.scheme
where
    figures.response_count is distinct from figures.response_count_of_segments
    or figures.response_count is distinct from expected.response_count
    -- averages are rounded to four digits
    or coalesce(abs(figures.total_score - figures.total_score_of_segments) > 0.0001 * figures.response_count, true)
