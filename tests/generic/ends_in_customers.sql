{#-
    Where a history of customers was last kept as of D, its open rows are those customers who are not erased, and say the
    same of them. As of another day it says something else, and rightly.
    customers  the mart dim_customers
    as_of      the model int_as_of
    days       source of the days as of which snapshots were kept
-#}
{% test ends_in_customers(model, customers, as_of, days) %}

with

day as (
    select as_of.as_of_date
    from {{ as_of }} as as_of
    inner join (
        select max(raw_batch) as last_day
        from {{ days }}
        where model_name = '{{ model.identifier }}'
    ) as last_days
        on as_of.as_of_date = last_days.last_day
),

known_customers as (
    select customers.*
    from {{ customers }} as customers
    cross join day
    where not customers.is_erased
),

current_rows as (
    select history.*
    from {{ model }} as history
    cross join day
    where history.valid_to_date is null
)

select
    known_customers.customer_id,
    current_rows.customer_id as kept_customer_id
from known_customers
full outer join current_rows on known_customers.customer_id = current_rows.customer_id
where
    {% for name in kept_attributes() -%}
    known_customers.{{ name }} is distinct from current_rows.{{ name }} or
    {% endfor -%}
    known_customers.customer_id is distinct from current_rows.customer_id

{% endtest %}
