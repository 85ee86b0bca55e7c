{#-
    Fails with each span of days that begins another before it has ended; so the last span of a key alone can be open.
    A gap is none of its business: what a key stands for may have been away.
    columns    list of the columns that make the key
    from_date  first day of a span
    to_date    day after its last; NULL while it is open
-#}
{% test spans_do_not_overlap(model, columns, from_date, to_date) %}

with

spans as (
    select
        {{ columns | join(', ') }},
        {{ from_date }},
        {{ to_date }},
        lead({{ from_date }}) over (partition by {{ columns | join(', ') }} order by {{ from_date }}) as next_from_date
    from {{ model }}
)

select *
from spans
where next_from_date is not null and coalesce({{ to_date }} > next_from_date, true)

{% endtest %}
