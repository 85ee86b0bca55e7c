"""Make a sample of the raw contract: thirteen tables of an invented retailer, with its dirt.

In:  a period, a number of customers (or of transactions) and a seed. No clock, no network, no file.
Out: `<out>/<table>.csv` or `<out>/<table>.parquet`, one file for each raw table. CSV holds text as
     a careless source would send it; Parquet is typed (VARCHAR keys, TIMESTAMP, DATE,
     DECIMAL(18,2), BOOLEAN, INTEGER) and has only such dirt as those types can hold.

The same arguments give the same bytes (of one DuckDB version), on any number of threads: nothing is
drawn at random, every "random" value is a hash of a key, a name for the draw and the seed, and rows
are written in the order of their keys.

How it works. A customer has a habit (how many visits, how far apart) and a mood (how content).
Visits are laid out in a time in which every unit carries the same trade, and `day_slots` turns that
time into calendar days: busy days, busy months and growth come from it. Campaigns add visits of
their own where they work. All rows are made in SQL; the dirt stands in one place: DIRT, below.

The invented people have e-mails at example.com/.org and phone numbers reserved for fiction.

`loaded_at` is a nightly load after the event. transaction_lines and campaigns fill it for
corrections only; customers, products and branches have no such column: it is optional.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

import duckdb
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

SAMPLE = Path(__file__).resolve().parent.parent / "data/sample"
SAMPLE_CUSTOMERS = 2_000  # the counts in DIRT are those of this size
# What the habits give over two years, anonymous sales and refunds included.
TRANSACTIONS_PER_CUSTOMER = 3.95

# A salt is folded into one constant when the query is bound: a draw costs one xor and one hash.
# `hash(key, salt)` would not do: it joins the two by xor *after* hashing, which would relate all
# draws of a key.
MACROS = """
create macro first_day() as date '{first_day}';
create macro last_day() as date '{last_day}';
create macro end_of_time() as last_day()::timestamp + interval 86399 second;
create macro customers() as {customers};
create macro activity() as {activity};
create macro newsletters() as {newsletters};
create macro dice(key, salt) as  -- evenly from 0 to 1, without 1
    (hash(xor(key::ubigint, hash(salt || '{seed}'))) >> 11) / 9007199254740992.0;
create macro below(n, key, salt) as floor(n * dice(key, salt))::int;
create macro between_numbers(key, salt, low, high) as low + (high - low) * dice(key, salt);
create macro bell(key, salt) as  -- normally distributed, mean 0, deviation 1
    sqrt(-2 * ln(1 - dice(key, salt))) * cos(2 * pi() * dice(key, salt || ' angle'));
create macro pick(choices, key, salt) as choices[1 + below(len(choices), key, salt)];
create macro seconds(amount) as to_seconds(floor(amount)::bigint);
create macro days(amount) as seconds(86400 * amount);
create macro nightly(event) as event::date::timestamp + interval 26 hour + interval 15 minute;
create macro not_after_the_end(event) as case when event <= end_of_time() then event end;
create macro money(cents) as (cents / 100)::decimal(18, 2);
create macro numbers_of(c) as c::bigint * 256;  -- a customer's visits and campaigns share them
create macro customer_key(number) as format('C{{:07d}}', number);
create macro transaction_key(number) as format('T{{:08d}}', number);
create macro campaign_key(number) as format('K{{:02d}}', number);
"""

# What the tables are made from; each is a DuckDB table, in this order.
GROUND = {
    # Twenty slots hold the trade of an average day: a Saturday in December has many, a Sunday in
    # February few.
    "day_slots": """
    with days as (
        select
            day::date as day,
            ([0.6, 0.85, 0.85, 0.9, 1.0, 1.25, 1.55])[1 + dayofweek(day)]
            * ([0.8, 0.8, 0.9, 0.95, 1.0, 0.95, 0.9, 0.85, 1.0, 1.05, 1.35, 1.55])[month(day)]
            * (1 + 0.18 * (day::date - first_day()) / 365) as weight
        from range(first_day()::timestamp, end_of_time(), interval 1 day) as days (day)
    ),
    summed as (  -- whole numbers: a sum of doubles would depend on its order
        select day, round(1e6 * weight)::bigint as weight,
            sum(round(1e6 * weight)::bigint) over (order by day) as upto,
            sum(round(1e6 * weight)::bigint) over () / (20 * count(*) over ()) as slot_weight
        from days
    )
    select
        day,
        unnest(range(
            ceil((upto - weight) / slot_weight)::int, ceil(upto / slot_weight)::int
        )) as slot
    from summed
    """,
    # Share of customers, visits in a life, days between visits, size of the basket.
    "habits": """
    select *, sum(share) over (order by number) as share_to, share_to - share as share_from
    from (values
        (1, 'registered only', 4, 0, 0, 1, 2, 1.0),
        (2, 'one-time', 38, 1, 1, 1, 2, 1.1),
        (3, 'occasional', 26, 2, 5, 50, 130, 1.0),
        (4, 'eager, then gone', 11, 3, 7, 8, 28, 1.0),
        (5, 'bargain hunter', 6, 4, 11, 12, 34, 0.35),
        (6, 'regular', 11, 6, 18, 18, 42, 1.0),
        (7, 'loyal', 4, 12, 45, 9, 24, 1.15)
    ) as habits (number, habit, share, visits_low, visits_high, gap_low, gap_high, basket)
    """,
    "shops": """
    select *
    from (values
        (1, 'Dublin, Grafton Street', 'Dublin', 'Leinster', 'Ireland', date '2009-03-02'),
        (2, 'Paris, Marais', 'Paris', 'Île-de-France', 'France', date '2011-09-12'),
        (3, 'Berlin, Mitte', 'Berlin', 'Berlin', 'Germany', date '2013-05-06'),
        (4, 'Lyon, Presqu''île', 'Lyon', 'Auvergne-Rhône-Alpes', 'France', date '2014-10-01'),
        (5, 'Cork, Patrick Street', 'Cork', 'Munster', 'Ireland', date '2016-04-18'),
        (6, 'Köln, Neumarkt', 'Köln', 'Nordrhein-Westfalen', 'Germany', date '2018-02-26'),
        (7, 'Nantes, Bouffay', 'Nantes', 'Pays de la Loire', 'France', date '2019-11-04'),
        (8, 'Galway, Shop Street', 'Galway', 'Connacht', 'Ireland', date '2022-06-13')
    ) as shops (n, branch_name, city, region, country, opened_on)
    """,
    # Lives begin at any time, before the period too: what was bought then is in no table, so that
    # trade starts at its usual size. A duplicate account (`person` is another customer's number)
    # repeats that person's attributes.
    "people": """
    with drawn as (
        select
            c,
            case when c % 1000 = 956 then c - 14 when c % 50 = 49 then c - 7 else c end as person,
            dice(c, 'mood') as mood,
            basket * exp(3.9 + 0.75 * bell(c, 'purse')) as basket,
            between_numbers(c, 'gap', gap_low, gap_high) / activity() as gap,
            floor(activity() * (visits_low + below(visits_high - visits_low + 1, c, 'visits')))::int
                as planned_visits,
            (last_day() - first_day() + 1)::double as period
        from range(1, customers() + 1) as numbers (c)
        join habits on 100 * dice(c, 'habit') >= share_from and 100 * dice(c, 'habit') < share_to
    ),
    lived as (
        select
            *,
            -- the unhappy leave early
            if(mood < 0.25, ceil(planned_visits * 0.5)::int, planned_visits) as visits,
            -- one in eight goes away for months in the midst of a life, and comes back
            if(dice(c, 'pause') < 0.12, between_numbers(c, 'pause length', 110, 330), 0) as pause,
            pause + gap * greatest(visits - 1, 0) as life,
            -- some were gone before the period began
            (90 + life + period) * dice(c, 'start') - life - 90 as starts
        from drawn
    )
    select
        c, person, mood, basket, gap, visits, starts, pause,
        pick([
            'store', 'store', 'store', 'store', 'store', 'ecommerce', 'ecommerce', 'ecommerce',
            'phone', 'marketplace'
        ], person, 'channel') as channel,
        1 + floor(8 * dice(person, 'branch') ** 1.5)::int as branch,
        last_slot.day as last_visit_on,
        -- most register when they first buy, some years before
        first_slot.day - days(greatest(-starts, 0) + 1500 * dice(c, 'created') ** 12) as created_at,
        dice(c, 'email opt-in') < 0.62 as email_opt_in,
        dice(c, 'sms opt-in') < 0.4 as sms_opt_in
    from lived
    join day_slots as first_slot on first_slot.slot = floor(20 * greatest(starts, 0))::int
    join day_slots as last_slot
        on last_slot.slot = floor(20 * greatest(least(starts + life, period - 0.5), 0))::int
    """,
    # Every year anew. `uplift`: how many of those contacted buy because of it; with 0 it fails.
    "campaign_plan": """
    select
        row_number() over (order by starts_on, campaign_name) as campaign,
        *
    from (
        select
            campaign_name || ' ' || year as campaign_name, channel, objective, target_segment,
            make_date(year::int, month, day) as starts_on, length, share, control_share, uplift,
            contact_cost
        from range(year(first_day()), year(last_day()) + 1) as years (year)
        cross join (values
            ('January clearance', 1, 9, 14, 'email', 'sales', 'all', 0.42, 0.2, 0.0, null),
            ('Spring newsletter', 3, 11, 10, 'email', 'awareness', 'all', 0.4, 0.2, 0.0, 0.03),
            ('We miss you', 4, 14, 21, 'phone', 'win-back', 'lapsed', 0.12, 0.25, 0.12, 6.5),
            ('Loyalty bonus', 5, 6, 14, 'email', 'retention', 'loyal', 0.9, 0.25, 0.25, 0.9),
            ('Summer opening', 6, 8, null, 'email', 'sales', 'all', 0.45, 0.2, 0.08, 0.05),
            ('Back to school', 8, 24, 7, 'sms', 'sales', 'all', 0.45, 0.2, 0.07, 0.12),
            ('Welcome back', 10, 6, 14, 'email', 'win-back', 'lapsed', 0.6, 0.25, 0.14, 0.25),
            ('Black Friday', 11, 24, 7, 'email', 'sales', 'all', 0.7, 0.2, 0.17, 0.06),
            ('Last orders before Christmas', 12, 15, 7, 'sms', 'sales', 'all', 0.5, 0.2, 0.1, 0.12)
        ) as plan (campaign_name, month, day, length, channel, objective, target_segment, share,
            control_share, uplift, contact_cost)
        union all
        -- one on every Monday, to whoever takes e-mail
        select
            'Newsletter ' || monday::date, 'email', 'awareness', 'all', monday::date, 6, 0.41, 0.1,
            0.004, 0.002
        from range(
            date_trunc('week', first_day())::timestamp, end_of_time(), interval 7 day
        ) as mondays (monday)
        where newsletters()
    )
    where starts_on between first_day() + 20 and last_day() - 4
    """,
    "contacts": """
    with reached as (
        select
            numbers_of(c) + 128 + campaign as k, c, campaign, mood, people.channel as home_channel,
            campaign_plan.channel as channel,
            -- a few of the lapsed come back anyway
            if(target_segment = 'lapsed', 0.015, 0) as anyway, uplift,
            dice(numbers_of(c) + campaign, 'control') < control_share as is_control,
            starts_on::timestamp + interval 9 hour
                + seconds(28800 * dice(numbers_of(c) + campaign, 'contact time'))
                + interval 1 day * below(3, numbers_of(c) + campaign, 'contact day') as contacted_at
        from people
        join campaign_plan
            on created_at < starts_on
            and dice(numbers_of(c) + campaign, 'contact') < share
            and case campaign_plan.channel
                when 'email' then email_opt_in
                when 'sms' then sms_opt_in
                else true
            end
            and case target_segment
                when 'lapsed' then visits > 0 and last_visit_on < starts_on - 92
                when 'loyal' then visits >= 6 and last_visit_on >= starts_on - 31
                else true
            end
    )
    select
        *,
        row_number() over (order by contacted_at, k) as n,
        dice(k, 'response') < anyway + if(is_control, 0, uplift) as responds,
        case when not is_control and channel = 'email' and dice(k, 'open') < 0.38
            then contacted_at + seconds(90000 * dice(k, 'open time') ** 3 + 60) end as opened_at
    from reached
    """,
    # Visits by habit, visits for a campaign, and those of people who do not say who they are.
    "purchases": """
    with visits as (
        select c, numbers_of(c) + i as k, null::bigint as campaign,
            starts + gap * greatest(i + 0.8 * (dice(numbers_of(c) + i, 'early or late') - 0.5), 0)
            + if(2 * i >= visits and i > 0, pause, 0) as time
        from (select c, starts, gap, visits, pause, unnest(range(visits)) as i from people)
    ),
    anonymous as (
        select null::bigint as c, numbers_of(customers() + 1) + i as k, null::bigint as campaign,
            (last_day() - first_day() + 1) * dice(i, 'anonymous time') as time
        from range((0.17 * (select count(*) from visits))::bigint) as numbers (i)
    ),
    placed as (
        select c, k, campaign, day, null::timestamp as responded_at
        from (from visits union all from anonymous)
        join day_slots on slot = floor(20 * time)::int
        union all
        select c, k, if(is_control, null, campaign), null,
            contacted_at
                + seconds(if(channel = 'sms', 1e5, 5.2e5) * dice(k, 'response time') ** 1.5 + 600)
        from contacts
        where responds
    ),
    sold as (
        select
            placed.c, k, campaign, day, responded_at, people.branch as home_branch,
            case
                when dice(k, 'usual channel') < 0.8 then coalesce(people.channel, 'store')
                else pick(['store', 'ecommerce'], k, 'other channel')
            end as channel,
            exp(0.5 * bell(k, 'basket'))
                * coalesce(basket, exp(3.6 + 0.6 * bell(k, 'purse'))) as basket
        from placed
        left join people on people.c = placed.c
    )
    select
        c, k, channel,
        -- shops are open by day, the rest never closes
        coalesce(responded_at, day::timestamp + case
            when channel = 'store'
                then seconds(32400 + 19800 * (dice(k, 'hour') + dice(k, 'minute')))
            else seconds(86399 * dice(k, 'hour') ** 0.6)
        end) as transacted_at,
        case when channel = 'store' then coalesce(
            case when dice(k, 'home branch') < 0.85 then home_branch end,
            1 + floor(8 * dice(k, 'branch') ** 1.5)::int
        ) end as branch,
        -- not everyone shows the code of the campaign; some show one that reached them by a friend
        case
            when dice(k, 'shows code') < 0.6 then campaign
            when dice(k, 'friend') < 0.008
                then 1 + below((select count(*) from campaign_plan), k, 'code')
        end as campaign,
        if(dice(k, 'voucher') < 0.002, 0, least(100 + round(100 * basket), 4e5))::bigint as cents,
        case
            when dice(k, 'status') < 0.004 then 'test'
            when dice(k, 'status') < if(channel = 'store', 0.01, 0.045) then 'cancelled'
            when channel <> 'phone' then 'completed'
        end as status
    from sold
    """,
    # A refund follows its purchase by days or weeks and gives back all of it or a part; then all
    # are numbered by time.
    "sales": """
    with refunds as (
        select
            c, k, channel, branch, true as is_refund, null::int as campaign, 'completed' as status,
            transacted_at + days(between_numbers(k, 'refund day', 1, 28)) as transacted_at,
            -if(dice(k, 'partly') < 0.3, (cents * dice(k, 'part'))::bigint + 1, cents) as cents
        from purchases
        where cents > 0
            and coalesce(status, 'completed') = 'completed'
            and dice(k, 'refund') < if(channel = 'store', 0.025, 0.075)
    )
    select *, row_number() over (order by transacted_at, k, is_refund) as n
    from (
        select c, k, channel, branch, false as is_refund, campaign, status, transacted_at, cents
        from purchases
        union all
        from refunds
    )
    where transacted_at <= end_of_time()
    """,
}

# The raw tables as they would be without dirt. `n` is the order of the rows and not written.
TABLES = {
    "transactions": """
    select
        sales.n,
        transaction_key(sales.n) as transaction_id,
        customer_key(c) as customer_id,
        transacted_at,
        money(cents) as amount,
        channel,
        'B0' || branch as branch_id,
        campaign_key(campaign) as campaign_id,
        -- some bring no receipt
        case when dice(sales.n, 'receipt') < 0.85 then transaction_key(refunded.n) end
            as refunded_transaction_id,
        status,
        nightly(transacted_at) as loaded_at
    from sales
    left join (
        select k, n from sales where not is_refund and k in (select k from sales where is_refund)
    ) as refunded on is_refund and refunded.k = sales.k
    """,
    # The lines share out the transaction: line i gets what lies between two rising marks, so they
    # add up to the cent. Not all do: e-commerce charges some postage that is no line, and some
    # tills send no lines at all.
    "transaction_lines": """
    with goods as (
        select
            n, c, is_refund, month(transacted_at) as month,
            if(not is_refund and channel = 'ecommerce' and cents between 600 and 5000, 495, 0)
                as postage,
            cents - postage as cents,
            pick([1, 1, 1, 1, 1, 1, 2, 2, 3, 4], n, 'lines') as lines
        from sales
        where dice(n, 'no lines') >= 0.06
    ),
    marked as (
        select n, c, is_refund, month, cents, line, n * 8 + line as k,
            if(line = 1, 0, (line - 1 + 0.7 * dice(n * 8 + line - 1, 'mark')) / lines) as mark_from,
            if(line = lines, 1, (line + 0.7 * dice(n * 8 + line, 'mark')) / lines) as mark_to
        from (select *, unnest(range(1, lines + 1)) as line from goods)
    )
    select
        k as n,
        transaction_key(n) as transaction_id,
        line::int as line_number,
        -- what the season asks for, what the customer likes, or what sells well
        format('P{:02d}', 1 + case
            when dice(k, 'season') < 0.2
                then 10 * ([1, 1, 2, 3, 3, 3, 2, 2, 0, 1, 5, 5])[month] + below(10, k, 'product')
            when c is not null and dice(k, 'favourite') < 0.5
                then 10 * below(6, c, 'category') + below(10, k, 'product')
            else floor(60 * dice(k, 'product') ** 1.4)::int
        end) as product_id,
        (pick([1, 1, 1, 1, 2, 3], k, 'quantity') * if(is_refund, -1, 1))::decimal(18, 2)
            as quantity,
        money(floor(cents * mark_to) - floor(cents * mark_from)) as amount,
        null::timestamp as loaded_at
    from marked
    """,
    "customers": """
    with named as (
        select *,
            dice(person, 'script') < 0.05 as is_other_script,
            pick([
                {'first': 'Ελένη', 'last': 'Παπαδοπούλου', 'gender': 'female'},
                {'first': 'Олена', 'last': 'Шевченко', 'gender': 'female'},
                {'first': 'Иван', 'last': 'Петров', 'gender': 'male'},
                {'first': 'فاطمة', 'last': 'الزهراء', 'gender': 'female'},
                {'first': '明', 'last': '李', 'gender': 'male'},
                {'first': 'さくら', 'last': '田中', 'gender': 'female'},
                {'first': 'प्रिया', 'last': 'शर्मा', 'gender': 'female'},
                {'first': '민준', 'last': '김', 'gender': 'male'}
            ], person, 'other name') as other,
            pick([
                ['Anna', 'female'], ['Zoë', 'female'], ['Chloé', 'female'], ['Siobhán', 'female'],
                ['Jürgen', 'male'], ['Łukasz', 'male'], ['François', 'male'], ['Søren', 'male'],
                ['Marie-Claire', 'female'], ['Aoife', 'female'], ['Gülsüm', 'female'],
                ['Ngọc', 'female'], ['Peter', 'male'], ['Seán', 'male'], ['José', 'male'],
                ['Håkon', 'male'], ['Robin', 'diverse'], ['Emma', 'female'], ['Louis', 'male'],
                ['Conor', 'male']
            ], person, 'first name') as latin,
            pick([
                'O''Connor', 'Müller', 'D''Angelo', 'Nowák', 'Dubois', 'Lefèvre', 'Ó Súilleabháin',
                'van den Berg', 'García Márquez', 'Smith-Jones', 'Nguyễn', 'Đặng', 'Åkesson',
                'L''Hôpital', 'Čapek', 'Murphy', 'Petit', 'Weiß', 'Kelly', 'Moreau', 'Fischer',
                'Groß', 'Schmidt', 'Byrne'
            ], person, 'last name') as last_name
        from people
    )
    select
        c as n,
        customer_key(c) as customer_id,
        if(is_other_script, other.first, latin[1]) as first_name,
        if(is_other_script, other.last, last_name) as last_name,
        case when dice(person, 'has email') < 0.9
            then 'customer' || person || pick(['@example.com', '@example.org'], person, 'mail')
        end as email,
        -- ranges which the three regulators keep free for film and fiction
        case when dice(person, 'has phone') < 0.7 then case home.country
            when 'Ireland' then format('+353 20 91{:05d}', below(100000, person, 'phone'))
            when 'France' then format('+33 6 39 98 {:04d}', below(10000, person, 'phone'))
            else format('+49 30 23125 {:03d}', below(1000, person, 'phone'))
        end end as phone,
        case when dice(person, 'says gender') < 0.9
            then if(is_other_script, other.gender, latin[2])
        end as gender,
        case when dice(person, 'says birth') < 0.75
            then date '1940-01-01'
                + below(12400, person, 'birth') + below(12400, person, 'birth too')
        end as birth_date,
        home.city as city,
        home.region as region,
        home.country as country,
        case when dice(person, 'says channel') < 0.85 then channel end as preferred_channel,
        case when dice(c, 'knows source') < 0.92 then
            pick(
                ['search', 'search', 'social', 'social', 'display', 'referral', 'store', 'store'],
                c, 'source')
        end as acquisition_source,
        not_after_the_end(case when dice(person, 'loyalty') < if(visits > 1, 0.6, 0.15)
            then created_at + seconds(5e6 * dice(c, 'joins') ** 3) end)
            as loyalty_joined_at,
        if(dice(c, 'asked email') < 0.95, email_opt_in, null) as email_opt_in,
        if(dice(c, 'asked sms') < 0.9, sms_opt_in, null) as sms_opt_in,
        created_at,
        created_at + seconds(epoch(end_of_time() - created_at) * dice(c, 'updated') ** 2)
            as updated_at
    from named
    join shops as home on home.n = branch
    """,
    "customer_merges": """
    select
        c as n,
        customer_key(c) as duplicate_customer_id,
        customer_key(c - 7) as customer_id,
        nightly(greatest(created_at, first_day()) + interval 1 day) as loaded_at
    from people
    where person <> c
    """,
    "products": """
    select
        row_number() over (order by category_number, subcategory_number, place) as n,
        format('P{:02d}', n) as product_id,
        product_name, category, subcategory
    from (
        select category_number, category, subcategory_number, subcategory,
            unnest(string_split(names, '|')) as product_name,
            unnest(range(len(string_split(names, '|')))) as place
        from (values
            (1, 'Kitchen', 1, 'Cookware', 'Saucepan|Frying pan|Casserole|Wok|Roasting tin'),
            (1, 'Kitchen', 2, 'Tableware', 'Dinner plate|Soup bowl|Mug|Carafe|Cutlery, 24 pieces'),
            (2, 'Home', 1, 'Textiles', 'Bath towel|Bed linen|Cushion|Throw|Curtain'),
            (2, 'Home', 2, 'Light', 'Desk lamp|Floor lamp|Lantern'),
            (2, 'Home', 3, 'Storage', 'Basket|Shelf'),
            (3, 'Clothing', 1, 'Women', 'Linen blouse|Raincoat|Merino jumper|Summer dress'),
            (3, 'Clothing', 2, 'Men', 'Oxford shirt|Chinos|Cardigan'),
            (3, 'Clothing', 3, 'Children', 'Rompers|Wellingtons|Bobble hat'),
            (4, 'Garden', 1, 'Tools', 'Spade|Rake|Secateurs|Watering can'),
            (4, 'Garden', 2, 'Plants', 'Lavender|Climbing rose|Herb set'),
            (4, 'Garden', 3, 'Outdoor living', 'Folding chair|Parasol 2.5 m|Hammock'),
            (5, 'Beauty', 1, 'Care', 'Hand cream|Shampoo bar|Bath salts|Lip balm'),
            (5, 'Beauty', 2, 'Fragrance', 'Eau de toilette "No. 8"|Scented candle|Room spray'),
            (5, 'Beauty', 3, 'Accessories', 'Hair brush|Mirror|Wash bag'),
            (6, 'Toys', 1, 'Games', 'Chess|Dominoes|Playing cards|Jigsaw, 500 pieces'),
            (6, 'Toys', 2, 'Outdoor', 'Kite|Skipping rope|Football'),
            (6, 'Toys', 3, 'Building', 'Wooden bricks|Marble run|Train set')
        ) as shelf (category_number, category, subcategory_number, subcategory, names)
    )
    """,
    "branches": """
    select n, 'B0' || n as branch_id, * exclude (n) from shops
    """,
    "campaigns": """
    select
        campaign as n,
        campaign_key(campaign) as campaign_id,
        campaign_name, campaign_plan.channel as channel, objective, target_segment, starts_on,
        starts_on + length::int as ends_on,
        (500 + contact_cost * reached)::decimal(18, 2) as cost,
        null::timestamp as loaded_at
    from campaign_plan
    left join (select campaign, count(*) as reached from contacts where not is_control group by all)
        using (campaign)
    """,
    "campaign_contacts": """
    select
        n,
        format('M{:08d}', n) as contact_id,
        campaign_key(campaign) as campaign_id,
        customer_key(c) as customer_id,
        contacted_at,
        is_control,
        not_after_the_end(opened_at) as opened_at,
        case when dice(k, 'click') < 0.3
            then not_after_the_end(opened_at + seconds(600 * dice(k, 'click time') + 5))
        end as clicked_at,
        case when dice(k, 'unsubscribe') < if(mood < 0.25, 0.06, 0.015)
            then not_after_the_end(opened_at + seconds(90 * dice(k, 'leave time') + 9))
        end as unsubscribed_at,
        nightly(contacted_at + interval 3 day) as loaded_at
    from contacts
    """,
    # Talk happens around purchases: questions before, calls and complaints after, and more of these
    # by the unhappy.
    "interactions": """
    with drawn as (
        select
            k, c, coalesce(mood, 0.6) as mood,
            transacted_at + days(between_numbers(k, 'talk day', -4, 9)) as occurred_at,
            case
                when dice(k, 'complaint') < if(mood < 0.25, 0.4, 0.07) then 'complaint'
                else pick([
                    'web_visit', 'web_visit', 'web_visit', 'call', 'chat', 'chat', 'email',
                    'store_visit'
                ], k, 'talk')
            end as interaction_type
        from purchases
        left join people using (c)
        where dice(k, 'talks') < if(mood < 0.25, 0.45, 0.22)
    )
    select
        row_number() over (order by occurred_at, k) as n,
        format('I{:08d}', n) as interaction_id,
        customer_key(c) as customer_id,
        occurred_at,
        interaction_type,
        case interaction_type
            when 'web_visit' then 'web'
            when 'chat' then 'web'
            when 'call' then 'phone'
            when 'email' then 'email'
            when 'store_visit' then 'store'
            else pick(['phone', 'email', 'store', 'web'], k, 'talk channel')
        end as channel,
        case
            when interaction_type in ('web_visit', 'store_visit') then null
            when dice(k, 'resolved') < 0.15 then null
            else not_after_the_end(occurred_at + seconds(
                120 + dice(k, 'resolution') ** 2 * if(interaction_type = 'complaint', 6e5, 5e3)))
        end as resolved_at,
        case
            when interaction_type = 'web_visit' then null
            when interaction_type = 'complaint' then 'negative'
            when mood + 0.3 * dice(k, 'sentiment') < 0.35 then 'negative'
            when mood + 0.3 * dice(k, 'sentiment') > 0.8 then 'positive'
            else 'neutral'
        end as sentiment,
        nightly(coalesce(resolved_at, occurred_at)) as loaded_at
    from drawn
    where occurred_at between first_day() and end_of_time()
    """,
    "leads": """
    with drawn as (
        select
            i,
            first_day() + days((last_day() - first_day() + 1) * dice(i, 'lead time')) as created_at,
            created_at + days(between_numbers(i, 'qualifying', 0.2, 14)) as qualified_at,
            qualified_at + days(between_numbers(i, 'closing', 3, 60)) as closed_at,
            dice(i, 'outcome') as outcome
        from range((0.22 * customers())::bigint) as numbers (i)
    )
    select
        row_number() over (order by created_at, i) as n,
        format('L{:07d}', n) as lead_id,
        case when outcome < 0.18 or dice(i, 'known lead') < 0.3
            then customer_key(1 + below(customers(), i, 'lead customer'))
        end as customer_id,
        pick(['web form', 'web form', 'referral', 'fair', 'cold call'], i, 'source') as source,
        pick(['Team North', 'Team South', 'Team West', 'Key accounts'], i, 'owner') as owner,
        created_at,
        case when outcome < 0.6 then not_after_the_end(drawn.qualified_at) end as qualified_at,
        case when outcome < 0.18 then not_after_the_end(closed_at) end as won_at,
        case when outcome between 0.25 and 0.8 then not_after_the_end(closed_at) end as lost_at,
        case when outcome < 0.6 then money(round(100 * exp(6.8 + 0.9 * bell(i, 'deal')))) end
            as deal_amount,
        nightly(coalesce(lost_at, won_at, created_at)) as loaded_at
    from drawn
    """,
    "surveys": """
    with asked as (
        select
            k, c, coalesce(sqrt(mood), 0.75) as mood,
            transacted_at + days(between_numbers(k, 'answer', 0.1, 6)) as responded_at,
            if(dice(k, 'survey type') < 0.6, 'csat', 'nps') as survey_type
        from purchases
        left join people using (c)
        where dice(k, 'answers') < 0.12
    )
    select
        row_number() over (order by responded_at, k) as n,
        format('S{:07d}', n) as survey_id,
        customer_key(c) as customer_id,
        survey_type,
        case survey_type
            when 'csat' then greatest(1, least(5, round(5.4 * mood + 0.7 * bell(k, 'score'))))
            else greatest(0, least(10, round(11 * mood + 1.3 * bell(k, 'score'))))
        end::decimal(18, 2) as score,
        responded_at,
        nightly(responded_at) as loaded_at
    from asked
    where responded_at <= end_of_time()
    """,
    # Weekly, on Mondays. Display never says what for, which means acquisition.
    "marketing_spend": """
    select
        row_number() over (order by day, channel, purpose) as n,
        day as spend_date,
        channel,
        purpose,
        (weekly * customers() / 2000 * (0.8 + 0.4 * dice(day - date '2000-01-01', channel))
            * if(month(day) in (11, 12), 1.5, 1))::decimal(18, 2) as amount,
        nightly(day + 6) as loaded_at
    from (select distinct day from day_slots where dayofweek(day) = 1)
    cross join (values
        ('search', 'acquisition', 190), ('social', 'acquisition', 140), ('display', null, 70),
        ('email', 'retention', 25), ('sms', 'retention', 15), ('social', 'retention', 30)
    ) as plan (channel, purpose, weekly)
    """,
    "erasure_requests": """
    select
        c as n,
        customer_key(c) as customer_id,
        created_at + seconds(epoch(end_of_time() - created_at) * dice(c, 'erased')) as requested_at,
        nightly(requested_at) as loaded_at
    from people
    where c % 500 in (99, 320)
    """,
}


@dataclass(frozen=True)
class Dirt:
    """Some rows that a source got wrong: copies of good rows with `changes` (`value as column`).

    A copy stands beside the good row, or instead of it. `as_text` changes need text columns: they
    are left out of Parquet.
    """

    rows: int
    changes: str = ""
    instead: bool = False
    as_text: bool = False


beside = Dirt
instead = partial(Dirt, instead=True)
text_beside = partial(Dirt, as_text=True)
text_instead = partial(Dirt, instead=True, as_text=True)

LATER = "loaded_at + interval 2 day as loaded_at"

# Every deliberately bad row, with its number in a sample of 2,000 customers; in tables that grow it
# grows along. "beside" rows are rejected or superseded (unless they take a new key), "instead" rows
# are accepted and cleaned.
DIRT = {
    "transactions": [
        beside(8, f"amount + 5 as amount, {LATER}"),  # corrected two days later: the later row wins
        beside(4, f"'cancelled' as status, {LATER}"),  # cancelled afterwards
        beside(4),  # delivered twice, exactly
        beside(3, "amount + 1 as amount, null as loaded_at"),  # without loaded_at: loses
        beside(3, "amount + 2 as amount"),  # equal stamps: the greater row wins
        beside(2, "null as transaction_id"),  # required values missing
        beside(3, "null as transacted_at"),
        beside(3, "null as amount"),
        beside(2, "'pending' as status"),  # unknown status
        beside(2, "timestamp '1899-12-31 12:00:00' as transacted_at"),  # a till's clock was reset
        beside(3, "loaded_at + interval 30 day as transacted_at"),  # after it was loaded
        instead(4, "'X' || right(transaction_id, 7) as customer_id"),  # unknown: kept
        instead(3, "'B99' as branch_id"),
        instead(3, "'K99' as campaign_id"),
        beside(  # refunds a transaction nobody knows
            2,
            "transaction_id || 'R' as transaction_id, -abs(amount) as amount, "
            "'X0000001' as refunded_transaction_id, 'completed' as status",
        ),
        instead(4, "'  ' || upper(channel) || ' ' as channel"),  # mixed case and blanks: cleaned
        instead(3, "'Completed ' as status"),
        instead(
            2, "' ' || transaction_id || '  ' as transaction_id"
        ),  # the blanks are no part of it
        instead(3, "transacted_at + interval '123456 microsecond' as transacted_at"),
        text_beside(3, "'12,50' as amount"),  # decimals that are none
        text_beside(1, "'1e3' as amount"),
        text_beside(1, "'1234567890123456.00' as amount"),  # sixteen digits: too many
        text_beside(2, "'2026-02-30 10:00:00' as transacted_at"),  # impossible dates and times
        text_beside(1, "left(transacted_at, 10) || ' 24:00' as transacted_at"),
        text_beside(1, "left(transacted_at, 10) || ' 12:00:60' as transacted_at"),
        text_beside(1, "'yesterday' as transacted_at"),
        text_instead(
            3, "replace(transacted_at, ' ', 'T') || '+05:30' as transacted_at"
        ),  # elsewhere
        text_instead(3, "replace(transacted_at, ' ', 'T') || 'Z' as transacted_at"),
        text_instead(2, "transacted_at || '.1234567' as transacted_at"),  # cut at microseconds
        text_instead(2, "left(transacted_at, 10) as transacted_at"),  # a day is a timestamp too
        text_instead(1, "left(transacted_at, 16) as transacted_at"),
        text_instead(2, "'10.005' as amount, 'completed' as status"),  # half cents: away from zero
        text_instead(1, "'-10.005' as amount, 'completed' as status"),
        text_instead(1, "' +25 ' as amount"),  # sign, blanks, no decimals: a decimal
        text_instead(2, "'unknown' as loaded_at"),  # an optional value not of its type becomes NULL
    ],
    "transaction_lines": [
        beside(6, "amount + 1 as amount, last_day() + interval 26 hour as loaded_at"),  # corrected
        beside(4),  # delivered twice
        beside(3, "null as transaction_id"),  # required values missing
        beside(3, "null as line_number"),
        beside(3, "null as amount"),
        beside(4, "'X0000001' as transaction_id, 100 + line_number as line_number"),  # of none
        instead(4, "'P999' as product_id"),  # unknown product
        instead(3, "null as product_id"),  # product not told
        text_beside(2, "'1.0' as line_number"),  # not an integer
        text_beside(1, "'1234567890' as line_number"),  # ten digits: too many
        text_beside(2, "'12,50' as amount"),  # decimal comma
        text_instead(3, "'two' as quantity"),  # optional: becomes NULL
        text_instead(2, "'0.750' as quantity, '10.005' as amount"),  # sold by weight, half a cent
    ],
    "customers": [
        beside(6, "updated_at - interval 90 day as updated_at, 'Limerick' as city"),  # moved
        beside(2, "null as updated_at, not email_opt_in as email_opt_in"),  # loses
        beside(4),  # delivered twice
        beside(2, "null as customer_id"),  # required value missing
        instead(2, "date '1850-01-01' as birth_date"),  # optional dates before 1900 are kept
        instead(1, "date '2090-01-01' as birth_date"),  # not yet born
        instead(3, "' ' || upper(last_name) || ' ' as last_name, 'STORE ' as preferred_channel"),
        instead(2, "'' as first_name, ' ' as email"),  # empty text is NULL
        text_instead(2, "'1985-02-30' as birth_date"),  # optional and invalid: becomes NULL
        text_instead(2, "'31.12.1980' as birth_date"),
        text_instead(2, "'maybe' as email_opt_in, '2' as sms_opt_in, 'unknown' as created_at"),
        text_instead(4, "'Yes' as email_opt_in, '0' as sms_opt_in"),  # booleans, in other spellings
        text_instead(3, "'f' as email_opt_in, 'T' as sms_opt_in"),
        text_instead(1, "'2025-06-31 10:00:00' as loyalty_joined_at"),
        text_instead(2, "replace(created_at, ' ', 'T') || '-03:00' as created_at"),
        text_instead(1, "'last week' as updated_at"),
    ],
    "customer_merges": [
        beside(1, f"'C0000001' as customer_id, {LATER}"),  # the survivor was wrong at first
        beside(1),  # delivered twice
        beside(1, "null as duplicate_customer_id"),  # required values missing
        beside(1, "null as customer_id"),
        beside(2, "customer_id as duplicate_customer_id"),  # merged with oneself
        # a cycle of two
        beside(2, "customer_id as duplicate_customer_id, duplicate_customer_id as customer_id"),
        beside(1, "'X9999998' as duplicate_customer_id"),  # nobody knows the one, or both
        beside(1, "'X9999997' as duplicate_customer_id, 'X9999999' as customer_id"),
        instead(2, "duplicate_customer_id || ' ' as duplicate_customer_id"),
        text_instead(1, "'2026-02-30' as loaded_at"),
    ],
    "products": [
        beside(1, "product_name || ', old' as product_name"),  # the greater text wins
        beside(1),
        beside(1, "null as product_id"),
        instead(1, "null as category, null as subcategory"),  # a product without a category
        instead(2, "'  ' || product_name || ' ' as product_name"),
    ],
    "branches": [
        beside(1),
        beside(1, "null as branch_id"),
        instead(1, "date '1898-05-01' as opened_on"),  # older than 1900, and optional: kept
        instead(1, "branch_name || '  ' as branch_name"),
        text_instead(1, "'2018-13-26' as opened_on"),
    ],
    "campaigns": [
        beside(1, "cost + 100 as cost, last_day() + interval 26 hour as loaded_at"),  # the bill
        beside(1),
        beside(1, "null as campaign_id"),
        beside(1, "null as starts_on"),
        beside(1, "date '1899-11-24' as starts_on"),  # required, and before 1900
        instead(2, "' ' || upper(channel) as channel"),
        instead(1, "starts_on - 7 as ends_on"),  # ends before it starts
        text_beside(1, "'24.11.2025' as starts_on"),
        text_instead(1, "'n/a' as cost"),
        text_instead(1, "'2025-02-29' as ends_on"),
    ],
    "campaign_contacts": [
        beside(5, f"contacted_at + interval 5 hour as opened_at, {LATER}"),  # opened later
        beside(4),  # delivered twice
        beside(2, "null as contact_id"),  # required values missing
        beside(2, "null as campaign_id"),
        beside(2, "null as customer_id"),
        beside(2, "null as contacted_at"),
        beside(1, "timestamp '1899-12-31 09:00:00' as contacted_at"),
        beside(2, "loaded_at + interval 10 day as contacted_at"),  # sent long after it was loaded
        instead(3, "'K98' as campaign_id"),  # unknown campaign, unknown customer
        instead(3, "'X' || right(contact_id, 7) as customer_id"),
        instead(2, "contacted_at - interval 1 hour as opened_at"),  # opened before it was sent
        instead(2, "contacted_at - interval 40 day as contacted_at"),  # before its campaign began
        instead(2, "null as is_control"),
        text_beside(2, "'2025-02-29 10:00:00' as contacted_at"),  # no leap year
        text_instead(3, "replace(contacted_at, ' ', 'T') || '+05:30' as contacted_at"),
        text_instead(2, "contacted_at || 'Z' as contacted_at"),
        text_instead(4, "case is_control when 'true' then 'YES' else 'No' end as is_control"),
        text_instead(2, "'perhaps' as is_control, 'no' as clicked_at, 'no' as unsubscribed_at"),
        text_instead(2, "left(contacted_at, 10) || ' 24:00' as opened_at"),
    ],
    "interactions": [
        beside(4, f"occurred_at + interval 2 hour as resolved_at, {LATER}"),  # resolved later
        beside(3),
        beside(2, "null as interaction_id"),
        beside(2, "null as occurred_at"),
        beside(2, "null as interaction_type"),
        beside(1, "timestamp '0001-01-01 00:00:00' as occurred_at"),  # some system's zero
        beside(2, "loaded_at + interval 40 day as occurred_at"),
        instead(3, "'X' || right(interaction_id, 7) as customer_id"),
        instead(4, "upper(interaction_type) || ' ' as interaction_type, ' Web' as channel"),
        instead(2, "occurred_at - interval 1 hour as resolved_at"),  # resolved before it happened
        text_beside(2, "'2025-11-31 09:00' as occurred_at"),
        text_beside(1, "occurred_at || ' CET' as occurred_at"),
        text_instead(2, "replace(occurred_at, ' ', 'T') || '+05:30' as occurred_at"),
        text_instead(2, "'open' as resolved_at"),
    ],
    "leads": [
        beside(2, f"deal_amount + 250 as deal_amount, {LATER}"),  # the deal grew
        beside(2),
        beside(1, "null as lead_id"),
        beside(2, "null as created_at"),
        beside(1, "timestamp '1899-12-30 00:00:00' as created_at"),  # the zero of a spreadsheet
        beside(1, "loaded_at + interval 9 day as created_at"),
        instead(2, "'X' || right(lead_id, 7) as customer_id"),
        # won, and lost a day later
        instead(
            1, "created_at + interval 30 day as won_at, created_at + interval 31 day as lost_at"
        ),
        instead(1, "created_at - interval 1 day as qualified_at"),  # qualified before it was there
        instead(1, "created_at - interval 3 day as won_at, null as lost_at"),  # won before, too
        text_beside(1, "'2025-04-31' as created_at"),
        text_instead(2, "'1.250,00' as deal_amount"),
        text_instead(1, "'2500.505' as deal_amount"),
        text_instead(1, "'soon' as qualified_at, '-' as won_at, 'n/a' as lost_at"),
    ],
    "surveys": [
        beside(3, f"greatest(score - 1, 1) as score, {LATER}"),  # thought better of it
        beside(2),
        beside(1, "null as survey_id"),
        beside(2, "null as survey_type"),
        beside(2, "null as score"),
        beside(1, "null as responded_at"),
        beside(2, "'ces' as survey_type"),  # a type nobody knows
        beside(2, "'nps' as survey_type, 11 as score"),  # out of range
        beside(2, "'csat' as survey_type, 0 as score"),
        beside(1, "timestamp '1899-12-31 23:59:59' as responded_at"),
        beside(1, "loaded_at + interval 14 day as responded_at"),
        instead(2, "'X' || right(survey_id, 7) as customer_id"),
        instead(3, "upper(survey_type) || ' ' as survey_type"),
        instead(1, "'csat' as survey_type, 4.5 as score"),  # halves are in range
        text_beside(1, "'five' as score"),
        text_beside(1, "'4,5' as score"),
        text_beside(1, "'2026-02-30 08:00' as responded_at"),
        text_instead(2, "replace(responded_at, ' ', 'T') || 'Z' as responded_at"),
    ],
    "marketing_spend": [
        beside(3, f"amount * 1.1 as amount, {LATER}"),  # the final bill
        beside(2),
        beside(1, "null as spend_date"),
        beside(1, "null as channel"),
        beside(1, "null as amount"),
        beside(1, "'branding' as purpose"),  # a purpose nobody knows
        beside(1, "date '1899-12-30' as spend_date"),
        instead(2, "upper(channel) as channel, ' Retention' as purpose"),
        instead(1, "-25 as amount"),  # a credit note
        text_beside(1, "'2025-06-31' as spend_date"),
        text_beside(1, "left(spend_date, 4) || '/01/15' as spend_date"),
        text_beside(1, "'1.200,50' as amount"),
        text_instead(1, "'99.995' as amount"),
    ],
    "erasure_requests": [
        beside(1, f"requested_at + interval 1 day as requested_at, {LATER}"),  # asked twice
        beside(1),
        beside(1, "null as customer_id"),
        beside(1, "'X9999996' as customer_id"),  # asked by someone nobody knows
        beside(1, "loaded_at + interval 20 day as requested_at"),
        text_instead(1, "'at the counter' as requested_at"),
    ],
}

# Tables that do not grow with the number of customers.
FIXED = {"products", "branches", "campaigns", "marketing_spend"}


def write(connection: duckdb.DuckDBPyConnection, table: str, target: Path, growth: float) -> int:
    """Write one raw table with its dirt and return its number of rows."""
    is_csv = target.suffix == ".csv"
    connection.execute(f"create or replace temp table good as {TABLES[table]}")
    dirt = [each for each in DIRT[table] if is_csv or not each.as_text]
    amounts = [max(1, round(each.rows * (1 if table in FIXED else growth))) for each in dirt]

    # Spread each kind of dirt over the whole table, no two on one row.
    connection.execute(
        """
        create or replace temp table picked as
        with numbered as (
            select
                dirt,
                row_number() over (order by (i + 0.5) / amount, dirt) as place,
                count(*) over () as places
            from (select unnest($dirt) as dirt, unnest($amounts) as amount) as kinds,
                range(amount) as rows (i)
        ),
        placed as (
            select dirt, 1 + (2 * place - 1) * (select count(*) from good) // (2 * places) as place
            from numbered
        ),
        ranked as (select row_number() over (order by n) as place, n from good)
        select dirt, good.*
        from placed
        join ranked using (place)
        join good using (n)
        """,
        {"dirt": list(range(1, len(dirt) + 1)), "amounts": amounts},
    )
    as_text = "select dirt, n, columns(* exclude (dirt, n))::varchar from"
    replaced = [str(number) for number, each in enumerate(dirt, start=1) if each.instead]
    parts = [
        "select 0 as dirt, * from good "
        f"where n not in (select n from picked where dirt in ({', '.join(replaced)}))"
    ]
    for number, each in enumerate(dirt, start=1):
        source = f"({as_text} picked)" if each.as_text else "picked"
        changes = f"replace ({each.changes})" if each.changes else ""
        parts.append(f"select * {changes} from {source} where dirt = {number}")
    if is_csv:
        parts = [f"{as_text} ({part})" for part in parts]
    layout = "format csv, header" if is_csv else "format parquet, compression zstd"
    rows = connection.execute(
        f"copy (select * exclude (dirt, n) from ({' union all '.join(parts)}) order by n, dirt) "
        f"to $target ({layout})",
        {"target": str(target)},
    ).fetchone()
    return rows[0]


def a_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date: write YYYY-MM-DD") from None


def a_count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above zero")
    return int(text)


def arguments() -> argparse.Namespace:
    """Read and check the command line; every error is one sentence."""
    parser = argparse.ArgumentParser(
        description="Make the raw tables of an invented retailer, with their dirt. The same "
        "arguments give the same files. Without any, the committed sample is made anew.",
        epilog="Ten million transactions: "
        "%(prog)s --out build/raw --format parquet --transactions 10000000",
    )
    add = parser.add_argument
    add("--out", type=Path, default=SAMPLE, help="a new or empty folder (default: data/sample)")
    add("--format", choices=["csv", "parquet"], default="csv", help="default: csv")
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--customers",
        type=a_count,
        default=SAMPLE_CUSTOMERS,
        help=f"how many (default: {SAMPLE_CUSTOMERS})",
    )
    size.add_argument(
        "--transactions",
        type=a_count,
        help="about how many over two years, instead of --customers: "
        f"{TRANSACTIONS_PER_CUSTOMER:g} for each customer",
    )
    add("--from", dest="first_day", metavar="DATE", type=a_date, default=date(2024, 7, 1),
        help="first day (default: %(default)s)")  # fmt: skip
    add("--to", dest="last_day", metavar="DATE", type=a_date, default=date(2026, 6, 18),
        help="last day (default: %(default)s, so that the last month is unfinished)")  # fmt: skip
    add("--activity", type=float, default=1, help="times the usual visits, to 2.8 (default: 1)")
    add("--newsletters", action="store_true", help="a campaign by e-mail every week as well")
    add("--seed", type=int, default=1, help="another seed, another sample (default: 1)")
    add("--threads", type=a_count, help="default: one for each core; the files do not depend on it")
    add(
        "--memory",
        default="2500MB",
        help="what DuckDB may use; the rest goes to disk (default: 2500MB)",
    )
    asked = parser.parse_args()
    if not 0 < asked.activity <= 2.8:  # a customer's visits and campaigns share 256 numbers
        parser.error("--activity must lie above 0 and not above 2.8.")
    if asked.transactions:
        asked.customers = max(1, round(asked.transactions / TRANSACTIONS_PER_CUSTOMER))
    if not 31 <= (asked.last_day - asked.first_day).days <= 3653:
        parser.error("--to must lie between a month and ten years after --from.")
    if asked.out.exists() and not asked.out.is_dir():
        parser.error(f"--out: {asked.out} is a file; name a folder.")
    # The committed sample may be made anew; nothing else is overwritten.
    own = [f"{table}.{asked.format}" for table in TABLES if asked.out.resolve() == SAMPLE]
    strangers = sorted({path.name for path in asked.out.glob("*")}.difference(own))
    if strangers:
        parser.error(f"--out: {asked.out} holds {strangers[0]}; name a new or empty folder.")
    return asked


def main() -> None:
    asked = arguments()
    asked.out.mkdir(parents=True, exist_ok=True)
    report = Table("table", "rows", "bytes")
    with (
        tempfile.TemporaryDirectory(dir=asked.out) as scratch,
        duckdb.connect(
            f"{scratch}/scratch.duckdb", config={"memory_limit": asked.memory}
        ) as connection,
        Progress(
            TextColumn("{task.description:17}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        ) as progress,
    ):
        if asked.threads:
            connection.execute(f"set threads = {asked.threads}")
        connection.execute(MACROS.format(**vars(asked)))
        task = progress.add_task("", total=len(GROUND) + len(TABLES))
        for table, query in GROUND.items():
            progress.update(task, description=table)
            connection.execute(f"create table {table} as {query}")
            progress.advance(task)
        made = []
        for table in TABLES:
            progress.update(task, description=table)
            made.append(Path(scratch) / f"{table}.{asked.format}")
            rows = write(connection, table, made[-1], asked.customers / SAMPLE_CUSTOMERS)
            report.add_row(table, f"{rows:,}", f"{made[-1].stat().st_size:,}")
            progress.advance(task)
        for path in made:  # all or nothing
            path.replace(asked.out / path.name)
    Console().print(report)


if __name__ == "__main__":
    try:
        main()
    except (duckdb.Error, OSError) as error:
        sys.exit(f"make_sample_data.py: {error}")
