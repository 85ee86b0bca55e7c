-- The score as of D is the one the history shows for D. With quantiles only the figures are: history is on the fixed scale.
{% set columns = ['purchase_count_in_window', 'sales_amount_in_window'] -%}
{%- if var('rfm_method') == 'fixed' -%}
    {%- set columns = columns + ['recency_score', 'frequency_score', 'monetary_score', 'rfm_score', 'customer_360_segment', 'crm_dashboard_segment'] -%}
{%- endif -%}
with

open_spans as (
    select * from {{ ref('fct_customer_rfm_history') }}
    where valid_to_date is null
)

select
    coalesce(scores.customer_id, open_spans.customer_id) as customer_id,
    scores.rfm_score,
    open_spans.rfm_score as rfm_score_of_history
from {{ ref('fct_customer_rfm') }} as scores
full outer join open_spans on scores.customer_id = open_spans.customer_id
where
    scores.customer_id is distinct from open_spans.customer_id
    {%- for column in columns %}
    or scores.{{ column }} is distinct from open_spans.{{ column }}
    {%- endfor %}
