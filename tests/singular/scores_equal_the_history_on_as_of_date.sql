-- The score as of D is the one the history shows for D. With quantiles only the figures are: history is on the fixed scale.
{% set figures = ['purchase_count_in_window', 'sales_amount_in_window'] -%}
{% set scores = ['recency_score', 'frequency_score', 'monetary_score', 'rfm_score', 'customer_360_segment', 'crm_dashboard_segment'] -%}
with

open_spans as (
    select * from {{ ref('fct_customer_rfm_history') }}
    where valid_to_date is null
)

select
    scores.rfm_score,
    open_spans.rfm_score as rfm_score_of_history,
    coalesce(scores.customer_id, open_spans.customer_id) as customer_id
from {{ ref('fct_customer_rfm') }} as scores
full outer join open_spans on scores.customer_id = open_spans.customer_id
where
    scores.customer_id is distinct from open_spans.customer_id
    {%- for column in figures + (scores if var('rfm_method') == 'fixed' else []) %}
    or scores.{{ column }} is distinct from open_spans.{{ column }}
    {%- endfor %}
