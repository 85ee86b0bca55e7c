-- Counts and amounts of a month are those of its sources and owners together.
{%- set measures = ['created_count', 'qualified_count', 'won_count', 'lost_count', 'open_count', 'won_amount'] %}

with

sums as (
    select
        {% for measure in measures -%}
        sum({{ measure }}) as {{ measure }},
        {% endfor -%}
        cohort_month
    from {{ ref('fct_lead_funnel') }}
    group by cohort_month
)

select coalesce(sums.cohort_month, funnel.cohort_month) as cohort_month
from sums
full outer join {{ ref('dash_lead_funnel') }} as funnel on sums.cohort_month = funnel.cohort_month
where
    sums.cohort_month is null
    {%- for measure in measures %}
    or sums.{{ measure }} is distinct from funnel.{{ measure }}
    {%- endfor %}
