-- Everyone with a score is in one segment of each scheme at every month end, and came from one or bought for the first time.
{% set measures = ['customer_count', 'first_purchase_customer_count', 'previous_month_customer_count', 'previous_year_customer_count'] -%}
with

added_up as (
    select
        as_of_date,
        scheme,
        {% for measure in measures -%}
        sum({{ measure }}) filter (where segment <> 'all') as {{ measure }},
        max({{ measure }}) filter (where segment = 'all') as everyones_{{ measure }},
        {% endfor -%}
        count(*) as segment_count
    from {{ ref('dash_segment_size') }}
    group by as_of_date, scheme
)

select *
from added_up
where
    segment_count <> 10
    {%- for measure in measures %}
    or {{ measure }} is distinct from everyones_{{ measure }}
    {%- endfor %}
