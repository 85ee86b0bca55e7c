with

latest as (
    {{ latest_of_key(ref('base_crm__transaction_lines')) }}
)

select
    transaction_id,
    line_number,
    product_id,
    quantity,
    amount,
    loaded_at
from latest
