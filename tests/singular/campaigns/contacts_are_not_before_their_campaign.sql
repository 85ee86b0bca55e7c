{{ config(
    severity='warn',
    meta={'reason': 'The contact took place and its sales are sales: it counts, in contacted_before_start_count too, and one of the two dates is wrong.'}
) }}

-- Contacts dated before the first day of their campaign, as customers of fct_campaign_performance are counted with.
select
    contact_id,
    campaign_id,
    contacted_at
from {{ ref('int_campaign_contacts') }}
where is_before_start
