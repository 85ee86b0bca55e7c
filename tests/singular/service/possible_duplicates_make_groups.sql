-- A group of possible duplicates has as many rows as it says, one of which is the customer who names it.
select
    match_kind,
    match_group_customer_id,
    count(*) as row_count,
    min(group_customer_count) as least_count,
    max(group_customer_count) as greatest_count
from {{ ref('possible_duplicate_customers') }}
group by match_kind, match_group_customer_id
having
    count(*) <> min(group_customer_count)
    or count(*) <> max(group_customer_count)
    or min(customer_id) <> match_group_customer_id
