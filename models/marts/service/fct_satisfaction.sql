-- An answer counts once and adds up, so one pass counts per day and RFM score, and those counts make periods and segments.
with

surveys as (
    select * from {{ ref('int_surveys_classified') }}
),

-- RFM score NULL: no customer, or one without a purchase
code_days as (
    select
        surveys.survey_type,
        surveys.responded_date,
        scores.rfm_score,
        surveys.customer_id is null as is_anonymous,
        count(*) as response_count,
        sum(surveys.score) as total_score,
        count(*) filter (where surveys.is_top_two) as top_two_count,
        count(*) filter (where surveys.is_promoter) as promoter_count,
        count(*) filter (where surveys.is_detractor) as detractor_count
    from surveys
    left join {{ ref('fct_customer_rfm') }} as scores on surveys.customer_id = scores.customer_id
    group by surveys.survey_type, surveys.responded_date, surveys.customer_id is null, scores.rfm_score
),

{% set counts = ['response_count', 'total_score', 'top_two_count', 'promoter_count', 'detractor_count'] -%}
code_periods as (
    {% for grain in period_grains() -%}
    select
        survey_type,
        '{{ grain }}' as period_grain,
        {{ period_start(grain, 'responded_date') }} as period_start_date,
        is_anonymous,
        {% for count in counts -%}
        sum({{ count }}) as {{ count }},
        {% endfor -%}
        rfm_score
    from code_days
    group by survey_type, {{ period_start(grain, 'responded_date') }}, is_anonymous, rfm_score
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
    union all
    select 'unscored' as segment
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
    inner join totals
        on
            totals.segment = 'all'
            or (totals.segment = 'anonymous' and code_periods.is_anonymous)
            or (totals.segment = 'unscored' and not code_periods.is_anonymous and code_periods.rfm_score is null)
),

summed as (
    select
        survey_type,
        period_grain,
        period_start_date,
        scheme,
        {% for count in counts -%}
        sum({{ count }}) as {{ count }},
        {% endfor -%}
        segment
    from segment_periods
    group by survey_type, period_grain, period_start_date, scheme, segment
),

-- promoters count 1, detractors -1 and the others 0: the mean and the standard error of its estimate
estimated as (
    select
        *,
        cast(promoter_count - detractor_count as {{ type_double() }}) / cast(response_count as {{ type_double() }}) as net_share,
        sqrt(
            cast(response_count * (promoter_count + detractor_count) as {{ type_double() }})
            - cast((promoter_count - detractor_count) * (promoter_count - detractor_count) as {{ type_double() }})
        ) / (cast(response_count as {{ type_double() }}) * sqrt(cast(response_count as {{ type_double() }}))) as standard_error
    from summed
)

select
    survey_type,
    period_grain,
    period_start_date,
    scheme,
    segment,
    cast(response_count as bigint) as response_count,
    {{ divide('total_score', 'response_count', 4) }} as average_score,
    {{ rate('top_two_count', 'response_count') }} as top_two_share,
    case when survey_type = 'nps' then {{ divide('100 * (promoter_count - detractor_count)', 'response_count', 4) }} end as nps,
    case when survey_type = 'nps' then 100 * (net_share - 1.959964 * standard_error) end as nps_low,
    case when survey_type = 'nps' then 100 * (net_share + 1.959964 * standard_error) end as nps_high
from estimated
