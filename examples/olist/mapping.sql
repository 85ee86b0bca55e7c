-- Olist: orders, items, payments and reviews of a Brazilian marketplace; leads and deals of those who sell on it.

-- The set has two clocks. Orders are in Brazil's; deals won and reviews answered are in UTC: deals that stand for a day
-- are at 02:00 while Brazil had summer time and at 03:00 when it had not, which is midnight there.

-- What the goods and their freight cost. Not what was paid: payments hold the interest on instalments, which is the
-- card's, and do not tell what they were for. Where an order lost its items, its payments say what it was about.
create temp view orders as
with items as (
    select
        order_id,
        sum(price::decimal(18, 2)) + sum(freight_value::decimal(18, 2)) as amount
    from source.order_items
    group by order_id
),

payments as (
    select order_id, sum(payment_value::decimal(18, 2)) as amount
    from source.order_payments
    group by order_id
)

select
    orders.order_id,
    customers.customer_unique_id as customer_id,
    orders.order_purchase_timestamp::timestamp as ordered_at_local,
    coalesce(items.amount, payments.amount)::decimal(18, 2) as amount,
    -- Paid and not called off is a sale, also where the set ends before the parcel arrives. Orders that stayed
    -- "created" were never paid. A word that is not known passes, so that the build rejects and counts it.
    case
        when orders.order_status in ('delivered', 'shipped', 'invoiced', 'processing', 'approved') then 'completed'
        when orders.order_status in ('canceled', 'unavailable', 'created') then 'cancelled'
        else orders.order_status
    end as status
from source.orders as orders
left join source.customers as customers on orders.customer_id = customers.customer_id
left join items on orders.order_id = items.order_id
left join payments on orders.order_id = payments.order_id;

create view transactions as
select
    order_id as transaction_id,
    customer_id,
    ordered_at_local at time zone 'America/Sao_Paulo' as transacted_at,
    amount,
    'ecommerce' as channel,
    status
from orders;

-- Freight is a line of its own, so that a category sells goods and not their carriage.
create view transaction_lines as
select
    order_id as transaction_id,
    order_item_id::integer as line_number,
    product_id,
    1 as quantity,  -- two of a kind are two items
    price::decimal(18, 2) as amount
from source.order_items
union all
select
    order_id,
    max(order_item_id::integer) + 1,
    'freight',
    null,
    sum(freight_value::decimal(18, 2))::decimal(18, 2)
from source.order_items
group by order_id
having sum(freight_value::decimal(18, 2)) <> 0;

-- A customer_id of the set is one order's; the person is customer_unique_id. Who moved lives where the latest order went.
create view customers as
select
    customers.customer_unique_id as customer_id,
    arg_max(customers.customer_city, (orders.order_purchase_timestamp, orders.order_id)) as city,
    arg_max(customers.customer_state, (orders.order_purchase_timestamp, orders.order_id)) as region,
    'Brazil' as country
from source.customers as customers
inner join source.orders as orders on customers.customer_id = orders.customer_id
group by customers.customer_unique_id;

-- Two categories have no English name and keep their own.
create view products as
select
    products.product_id,
    null as product_name,  -- the set tells how long a name is, but not the name
    coalesce(translation.product_category_name_english, products.product_category_name) as category
from source.products as products
left join source.product_category_name_translation as translation
    on products.product_category_name = translation.product_category_name
union all
select 'freight', 'Freight', 'freight';

-- The score of 1 to 5 that a customer gives an order. One review_id may stand for several orders: each of them was
-- scored.
create view surveys as
select
    reviews.review_id || '-' || reviews.order_id as survey_id,
    orders.customer_id,
    'csat' as survey_type,
    reviews.review_score::integer as score,
    reviews.review_answer_timestamp::timestamp as responded_at  -- UTC
from source.order_reviews as reviews
left join orders on reviews.order_id = orders.order_id;

-- Shops that asked to sell on Olist, not customers. All of them are qualified: the file holds no others. Who looks
-- after one is told of those won alone, so it is left out, or every owner would win every lead.
create view leads as
select
    leads.mql_id as lead_id,
    leads.origin as source,
    leads.first_contact_date::timestamp at time zone 'America/Sao_Paulo' as created_at,
    leads.first_contact_date::timestamp at time zone 'America/Sao_Paulo' as qualified_at,
    deals.won_date::timestamp at time zone 'UTC' as won_at,
    null::decimal(18, 2) as deal_amount  -- the set has none; declared_monthly_revenue is the shop's own, and mostly 0
from source.marketing_qualified_leads as leads
left join source.closed_deals as deals on leads.mql_id = deals.mql_id;
