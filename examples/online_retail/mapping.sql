-- UCI Online Retail: one file, one row a line of an invoice.

-- What is a sale or a return. A price of 0 is no sale but a free item or, without a customer, a movement of stock
-- ("damaged", "found", "check"); the two negative prices write off bad debt. Without a customer, fees, bad debt and
-- samples are the shop's own bookkeeping; charged to a customer, they are part of what that customer paid.
create temp view invoice_lines as
select
    invoice_no,
    customer_id::integer::text as customer_id,
    invoice_ts::timestamp as invoiced_at_local,
    upper(trim(stock_code)) as product_id,  -- 112 codes come in two spellings, 85123A and 85123a
    trim(description) as product_name,
    quantity::integer as quantity,
    -- to the cent line by line, so that a transaction is the sum of its lines
    round(quantity::integer * unit_price::decimal(18, 3), 2)::decimal(18, 2) as amount
from source.online_retail
where unit_price::decimal(18, 3) > 0
    and (customer_id is not null or stock_code not in ('AMAZONFEE', 'B', 'BANK CHARGES', 'S'));

-- An invoice is a transaction. Cancellations (C…) carry negative quantities and become refunds of their own day:
-- the sale they cancel stays a sale, and nothing in the set says which one it was.
create view transactions as
select
    invoice_no as transaction_id,
    any_value(customer_id) as customer_id,  -- an invoice has one customer or none
    -- 43 invoices run over two minutes; the clock is London's, the contract's is UTC
    min(invoiced_at_local) at time zone 'Europe/London' as transacted_at,
    sum(amount)::decimal(18, 2) as amount,
    'ecommerce' as channel  -- the set describes a shop without stores
from invoice_lines
group by invoice_no;

-- A line has no number, and the same product may stand on an invoice twice.
create view transaction_lines as
select
    invoice_no as transaction_id,
    row_number() over (
        partition by invoice_no
        order by product_id, product_name, quantity, amount, invoiced_at_local
    ) as line_number,
    product_id,
    quantity,
    amount
from invoice_lines;

-- Everyone the source names, those without a sale too. Eight customers have two countries: the latest invoice's counts.
create view customers as
select
    customer_id::integer::text as customer_id,
    arg_max(nullif(country, 'Unspecified'), (invoice_ts::timestamp, invoice_no)) as country
from source.online_retail
where customer_id is not null
group by 1;

-- The name is the most frequent description, then the first in the alphabet. The set has no categories; what its
-- codes do tell is whether a line is goods at all.
create view products as
with descriptions as (
    select product_id, product_name, count(*) as line_count from invoice_lines group by all
)
select
    product_id,
    first(product_name order by line_count desc, product_name) as product_name,
    case
        when product_id in ('POST', 'DOT', 'C2') then 'Postage'
        when product_id in ('M', 'D', 'BANK CHARGES', 'CRUK') then 'Charges and corrections'
        when starts_with(product_id, 'GIFT_') then 'Gift vouchers'
        else 'Goods'
    end as category
from descriptions
group by product_id;
