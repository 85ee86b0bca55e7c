{#-
    Fails with the names of the conditions that are not true, and in how many rows; NULL is not true. One scan for all.
    conditions  dict of name -> SQL condition on the columns of a row
-#}
{% test rows_satisfy(model, conditions) %}

with

judged as (
    select
        {% for name, condition in conditions.items() -%}
        case when coalesce({{ condition }}, false) then '' else '{{ name }} ' end{{ ' ||' if not loop.last }}
        {% endfor -%}
        as broken_conditions
    from {{ model }}
)

select
    broken_conditions,
    count(*) as row_count
from judged
where broken_conditions <> ''
group by broken_conditions

{% endtest %}
