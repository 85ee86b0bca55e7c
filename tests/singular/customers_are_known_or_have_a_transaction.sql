-- dim_customers holds everyone in the customer master data or in an accepted transaction dated up to D, and nobody else;
-- the contacts hold the same people but those who were erased.
with

expected as (
    select customer_id from {{ ref('int_customers_merged') }}
    union
    select customer_id
    from {{ ref('fct_transactions') }}
    where customer_id is not null
)

select
    expected.customer_id as expected_customer_id,
    customers.customer_id,
    contacts.customer_id as contact_customer_id
from expected
full outer join {{ ref('dim_customers') }} as customers on expected.customer_id = customers.customer_id
full outer join {{ ref('dim_customer_contacts') }} as contacts on customers.customer_id = contacts.customer_id
where
    expected.customer_id is null
    or customers.customer_id is null
    -- erased customers have no contacts
    or (contacts.customer_id is null) is distinct from customers.is_erased
