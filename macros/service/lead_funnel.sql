{#-
    Leads per month of creation and what had become of them by D, as a query over int_leads_classified.
    keys     list of columns of int_leads_classified, besides the month, that there is a row for each of; none: one row per month
    returns  SQL of a query with cohort_month, the keys, and the columns of fct_lead_funnel
-#}
{%- macro lead_funnel(keys) -%}
{%- set month = clientele.period_start('month', 'created_date') -%}
with

counted as (
    select
        {{ month }} as cohort_month,
        {% for key in keys -%}
        {{ key }},
        {% endfor -%}
        count(*) as created_count,
        count(qualified_at) as qualified_count,
        count(*) filter (where status = 'won') as won_count,
        count(*) filter (where status = 'lost') as lost_count,
        count(*) filter (where status = 'open') as open_count,
        {% for band in clientele.lead_age_bands() -%}
        count(*) filter (where age_band = '{{ band.name }}') as {{ band.column }},
        {% endfor -%}
        {{ clientele.sum_amount('deal_amount', "status = 'won'") }} as won_amount,
        count(sales_cycle_days) as sales_cycle_count,
        sum(sales_cycle_days) as total_sales_cycle_days,
        {{ clientele.median_value('sales_cycle_days') }} as median_sales_cycle_days
    from {{ ref('int_leads_classified') }}
    group by {{ ([month] + keys) | join(', ') }}
)

select
    cohort_month,
    {% for key in keys -%}
    {{ key }},
    {% endfor -%}
    cast(created_count as bigint) as created_count,
    cast(qualified_count as bigint) as qualified_count,
    cast(won_count as bigint) as won_count,
    cast(lost_count as bigint) as lost_count,
    cast(open_count as bigint) as open_count,
    {% for band in clientele.lead_age_bands() -%}
    cast({{ band.column }} as bigint) as {{ band.column }},
    {% endfor -%}
    won_amount,
    {{ clientele.rate('won_count', 'created_count') }} as lead_conversion_rate,
    {{ clientele.divide('total_sales_cycle_days', 'sales_cycle_count', 4) }} as average_sales_cycle_days,
    median_sales_cycle_days
from counted
{%- endmacro -%}
