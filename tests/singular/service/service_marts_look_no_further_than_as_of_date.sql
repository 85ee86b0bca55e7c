-- Leads, cases, answers and journeys hold what happened up to D only; without a D they are empty.
{% set columns = [
    ('fct_lead_funnel', 'cohort_month'),
    ('fct_open_leads', 'created_date'),
    ('fct_service_cases', 'period_start_date'),
    ('fct_satisfaction', 'period_start_date'),
    ('fct_journey_stages', 'month_start_date'),
    ('int_leads_classified', 'created_date'),
    ('int_leads_classified', 'closed_date'),
    ('int_interactions_classified', 'occurred_date'),
    ('int_interactions_classified', 'resolved_date'),
    ('int_surveys_classified', 'responded_date')
] -%}
with

as_of as (
    select * from {{ ref('int_as_of') }}
),

last_dates as (
    {% for model, column in columns -%}
    select
        '{{ model }}.{{ column }}' as place,
        max({{ column }}) as last_date
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    last_dates.place,
    last_dates.last_date as offending_date,
    as_of.as_of_date
from last_dates
cross join as_of
where not coalesce(last_dates.last_date <= as_of.as_of_date, last_dates.last_date is null)
