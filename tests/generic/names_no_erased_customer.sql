{#-
    Fails with each customer whom the source has asked to forget.
    canonical  the model base_crm__canonical_customers
-#}
{% test names_no_erased_customer(model, canonical) %}

select named.customer_id
from {{ model }} as named
inner join {{ canonical }} as canonical on named.customer_id = canonical.customer_id
where canonical.is_erased

{% endtest %}
