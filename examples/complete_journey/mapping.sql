-- The Complete Journey: a sample of a grocer's receipt lines, with the campaigns and coupons its households got.

-- What the retailer receives, to the cent line by line. Timestamps are UTC: read in New York's time, the set's weeks
-- begin at midnight and its last line falls on 31 December.
create temp view basket_lines as
select
    basket_id,
    household_id,
    store_id,
    product_id,
    quantity::decimal(18, 3) as quantity,
    round(sales_value::double, 2)::decimal(18, 2) as amount,
    coupon_disc::double > 0 as has_coupon,
    transaction_timestamp::timestamp as transacted_at
from source.transactions_sample;

create temp view baskets as
select
    basket_id,
    any_value(household_id) as household_id,  -- a basket has one household, store and time
    any_value(store_id) as store_id,
    any_value(transacted_at) as transacted_at,
    (any_value(transacted_at) at time zone 'UTC' at time zone 'America/New_York')::date as basket_date,
    sum(amount)::decimal(18, 2) as amount,
    bool_or(has_coupon) as has_coupon
from basket_lines
group by basket_id;

-- A coupon names its household, campaign and day, but not its basket. That is the household's basket of that day; of
-- two the one with a coupon, then the larger. Of two campaigns the one with more coupons in it, then the later one.
create temp view redeemed_campaigns as
with coupons as (
    select household_id, redemption_date::date as redemption_date, campaign_id, count(*) as coupon_count
    from source.coupon_redemptions
    group by all
),

campaign_of_day as (
    select
        coupons.household_id,
        coupons.redemption_date,
        arg_max(
            coupons.campaign_id,
            (coupons.coupon_count, campaigns.start_date::date, coupons.campaign_id::integer)
        ) as campaign_id
    from coupons
    inner join source.campaign_descriptions as campaigns on coupons.campaign_id = campaigns.campaign_id
    group by all
),

basket_of_day as (
    select
        household_id,
        basket_date,
        arg_max(basket_id, (has_coupon, amount, basket_id)) as basket_id
    from baskets
    group by all
)

select basket_of_day.basket_id, campaign_of_day.campaign_id
from campaign_of_day
inner join basket_of_day
    on campaign_of_day.household_id = basket_of_day.household_id
        and campaign_of_day.redemption_date = basket_of_day.basket_date;

create view transactions as
select
    baskets.basket_id as transaction_id,
    baskets.household_id as customer_id,
    baskets.transacted_at,
    baskets.amount,
    'store' as channel,
    baskets.store_id as branch_id,
    redeemed_campaigns.campaign_id
from baskets
left join redeemed_campaigns on baskets.basket_id = redeemed_campaigns.basket_id;

create view transaction_lines as
select
    basket_id as transaction_id,
    row_number() over (partition by basket_id order by product_id, quantity, amount) as line_number,
    product_id,
    quantity,
    amount
from basket_lines;

-- A customer is a household. What the set knows of 801 of them (bands of age and income, size, children, home) has no
-- column in the contract: a band is no birth date.
create view customers as
select household_id as customer_id from source.transactions_sample
union
select household_id from source.campaigns
union
select household_id from source.demographics;

-- The set has no names: the lowest of its three groups and the package describe the product.
create view products as
select
    product_id,
    nullif(concat_ws(', ', product_type, package_size), '') as product_name,
    department as category,
    product_category as subcategory
from source.products;

-- Stores are known by their number alone.
create view branches as
select distinct store_id as branch_id from source.transactions_sample;

create view campaigns as
select
    campaign_id,
    concat('Campaign ', campaign_id, ' (', campaign_type, ')') as campaign_name,
    'direct marketing' as channel,
    start_date::date as starts_on,
    end_date::date as ends_on
from source.campaign_descriptions;

-- The set says which household got which campaign, but not when: the campaign's first day stands in. Whoever got none
-- is no control group, since campaigns chose their households: there is none. A first redeemed coupon counts as the
-- click, which makes the click rate the redemption rate; it has a day and no time.
create view campaign_contacts as
select
    concat(contacts.campaign_id, '-', contacts.household_id) as contact_id,
    contacts.campaign_id,
    contacts.household_id as customer_id,
    any_value(campaigns.start_date)::date::timestamp at time zone 'America/New_York' as contacted_at,
    min(redemptions.redemption_date::date)::timestamp at time zone 'America/New_York' as clicked_at
from source.campaigns as contacts
inner join source.campaign_descriptions as campaigns on contacts.campaign_id = campaigns.campaign_id
left join source.coupon_redemptions as redemptions
    on contacts.campaign_id = redemptions.campaign_id and contacts.household_id = redemptions.household_id
group by contacts.campaign_id, contacts.household_id;
