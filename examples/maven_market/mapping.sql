-- Maven Market: sales and returns by day, store and product, with customers, products, stores and regions.

-- The set has no receipts: what one customer buys on one day in one store is one. Returns name no customer: those of
-- one day and store make one anonymous refund. Neither has a time of day, so both stand at the start of their day.
create temp view receipt_lines as
select
    concat_ws('-', 'sale', transaction_date, store_id, customer_id) as transaction_id,
    customer_id,
    transaction_date::date as transaction_date,
    store_id,
    product_id::integer as product_id,
    quantity::integer as quantity
from source.transactions_1997_1998_from_pbix
union all
select
    concat_ws('-', 'return', strptime(return_date, '%d-%m-%Y')::date, store_id) as transaction_id,
    null as customer_id,
    strptime(return_date, '%d-%m-%Y')::date as transaction_date,
    store_id,
    product_id::integer as product_id,
    -quantity::integer as quantity
from source."returns_1997-1998";

create temp view priced_lines as
select
    receipt_lines.*,
    round(receipt_lines.quantity * products.product_retail_price::decimal(18, 4), 2)::decimal(18, 2) as amount
from receipt_lines
left join source.products as products on receipt_lines.product_id = products.product_id::integer;

create view transactions as
select
    transaction_id,
    any_value(customer_id) as customer_id,
    any_value(transaction_date)::timestamp as transacted_at,
    sum(amount)::decimal(18, 2) as amount,
    'store' as channel,
    any_value(store_id) as branch_id
from priced_lines
group by transaction_id;

create view transaction_lines as
select
    transaction_id,
    row_number() over (partition by transaction_id order by product_id, quantity) as line_number,
    product_id::text as product_id,
    quantity,
    amount
from priced_lines;

-- Everyone holds a member card, if only a "Normal" one: joining is opening the account.
create view customers as
select
    customer_id,
    first_name,
    last_name,
    gender,
    strptime(birthdate, '%d-%m-%Y')::date as birth_date,
    customer_city as city,
    customer_state_province as region,
    customer_country as country,
    strptime(acct_open_date, '%d-%m-%Y') as loyalty_joined_at,
    strptime(acct_open_date, '%d-%m-%Y') as created_at
from source.customers;

-- The set has no categories: the brand stands in their place, though a brand sells many kinds of goods.
create view products as
select
    product_id,
    product_name,
    product_brand as category
from source.products;

create view branches as
select
    stores.store_id as branch_id,
    stores.store_name as branch_name,
    stores.store_city as city,
    regions.sales_region as region,
    stores.store_country as country,
    strptime(stores.first_opened_date, '%d-%m-%Y')::date as opened_on
from source.stores as stores
left join source.regions as regions on stores.region_id = regions.region_id;
