{#- Fails with the names of the columns that are NULL, and in how many rows. columns: list of columns. One scan for all. -#}
{% test never_null(model, columns) %}

with

nulls as (
    select
        {% for column in columns -%}
        case when {{ column }} is null then '{{ column }} ' else '' end{{ ' ||' if not loop.last }}
        {% endfor -%}
        as null_columns
    from {{ model }}
    where
        {% for column in columns -%}
        {{ column }} is null{{ ' or' if not loop.last }}
        {% endfor %}
)

select
    null_columns,
    count(*) as row_count
from nulls
group by null_columns

{% endtest %}
