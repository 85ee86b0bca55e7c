-- A negative spend is no spend: no figure counts it, and here is which one it is.
{{ config(severity='warn', meta={'reason': 'The row is accepted as the raw contract says; the KPI board leaves it out.'}) }}

select
    spend_date,
    channel,
    purpose,
    amount
from {{ ref('stg_crm__marketing_spend') }}
where amount < 0
