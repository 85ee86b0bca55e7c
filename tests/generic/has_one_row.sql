{#- Fails with the number of rows where it is not 1: models cross join the relation, so none would empty them and two double them. -#}
{% test has_one_row(model) %}

select count(*) as row_count
from {{ model }}
having count(*) <> 1

{% endtest %}
