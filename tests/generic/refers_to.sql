{#-
    Fails with each key that is not in another relation; for keys of several columns, where dbt's `relationships` does
    not reach. A key that lacks a part refers to nothing: `never_null` is for that.
    columns     list of columns of the model
    to          relation
    to_columns  list of its columns, in the same order
-#}
{% test refers_to(model, columns, to, to_columns) %}

select distinct child.{{ columns | join(', child.') }}
from {{ model }} as child
left join {{ to }} as parent
    on
        {% for column in columns -%}
        child.{{ column }} = parent.{{ to_columns[loop.index0] }}{{ ' and' if not loop.last }}
        {% endfor %}
where
    parent.{{ to_columns[0] }} is null
    {%- for column in columns %}
    and child.{{ column }} is not null
    {%- endfor %}

{% endtest %}
