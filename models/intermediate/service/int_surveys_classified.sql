with

as_of as (
    select * from {{ ref('int_as_of') }}
),

canonical as (
    select * from {{ ref('base_crm__canonical_customers') }}
)

select
    surveys.survey_id,
    coalesce(canonical.canonical_customer_id, surveys.customer_id) as customer_id,
    surveys.survey_type,
    surveys.score,
    surveys.responded_at,
    {{ reporting_date('surveys.responded_at') }} as responded_date,
    surveys.score >= case surveys.survey_type when 'csat' then 4 when 'nps' then 9 end as is_top_two,
    surveys.survey_type = 'nps' and surveys.score >= 9 as is_promoter,
    surveys.survey_type = 'nps' and surveys.score <= 6 as is_detractor
from {{ ref('stg_crm__surveys') }} as surveys
cross join as_of
left join canonical on surveys.customer_id = canonical.customer_id
where {{ reporting_date('surveys.responded_at') }} <= as_of.as_of_date
