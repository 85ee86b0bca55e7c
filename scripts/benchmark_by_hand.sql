-- fct_customer_rfm, fct_segment_split and fct_period_kpis as one would write them by hand in DuckDB for these three alone:
-- the yardstick of scripts/benchmark.py, which runs this file, builds the same three with dbt and compares every cell.
-- It reads the Parquet files of scripts/make_sample_data.py and honours what is in them: statuses, rejected rows,
-- superseded rows, merged customers. What a by-hand script would not carry it leaves out: text columns judged by
-- pattern, time zones, the variables (all at their defaults), the account of what was rejected.
-- Variables: raw = folder of the Parquet files, seeds = folder of the seeds, salt = salt of erased customers' keys.

-- Shares and averages are rounded half away from zero in whole numbers, as the contract asks. Both sides in cents.
create temp macro rounded_quotient(numerator, denominator, scale) as
    sign(numerator) * ((2 * abs(numerator::hugeint) * scale + denominator) // nullif(2 * denominator::hugeint, 0));
create temp macro cents(amount) as (amount * 100)::hugeint;
create temp macro rate(numerator, denominator) as
    (rounded_quotient(numerator, denominator, 1000000)::decimal(38, 0) * 0.000001::decimal(6, 6))::decimal(18, 6);
create temp macro average_amount(amount, number) as
    (rounded_quotient(cents(amount), number, 100)::decimal(38, 0) * 0.0001::decimal(4, 4))::decimal(18, 4);

-- Merges: the latest row of each duplicate; rows on a cycle do not count; chains are followed to their end.
create temp table merges as
select distinct on (duplicate_customer_id)
    trim(duplicate_customer_id) as duplicate_customer_id, trim(customer_id) as customer_id
from read_parquet(getvariable('raw') || '/customer_merges.parquet')
where trim(duplicate_customer_id) <> '' and trim(customer_id) <> ''
order by trim(duplicate_customer_id), loaded_at desc nulls last, trim(customer_id) desc;

create temp table survivors as
with recursive reached as (
    select duplicate_customer_id as customer_id, customer_id as reached_id from merges
    union
    select reached.customer_id, merges.customer_id
    from reached join merges on reached.reached_id = merges.duplicate_customer_id
),
kept as (
    select * from merges
    where duplicate_customer_id not in (select customer_id from reached where reached_id = customer_id)
),
chains as (
    select duplicate_customer_id as customer_id, customer_id as survivor_id from kept
    union all
    select chains.customer_id, kept.customer_id
    from chains join kept on chains.survivor_id = kept.duplicate_customer_id
)
select * from chains where survivor_id not in (select duplicate_customer_id from kept);

set variable newest_request = (select max(loaded_at) from read_parquet(getvariable('raw') || '/erasure_requests.parquet'));
set variable newest_load = (select max(loaded_at) from read_parquet(getvariable('raw') || '/transactions.parquet'));

-- Who asked to be forgotten keeps the sales under another key, together with everyone merged with them.
create temp table canonical as
with requests as (
    select distinct trim(customer_id) as customer_id
    from read_parquet(getvariable('raw') || '/erasure_requests.parquet')
    where trim(customer_id) <> ''
        and (requested_at is null or requested_at <= coalesce(loaded_at, getvariable('newest_request')) + interval 1 day)
),
groups as (
    select
        coalesce(survivor_id, requests.customer_id) as survivor_id,
        'erased-' || md5(min(requests.customer_id) || getvariable('salt'))[:16] as erased_id
    from requests left join survivors using (customer_id)
    group by 1
)
select customer_id, coalesce(erased_id, survivor_id) as canonical_id from survivors left join groups using (survivor_id)
union all
select survivor_id, erased_id from groups;

create temp table transactions as
select
    trim(transaction_id) as transaction_id,
    nullif(trim(customer_id), '') as customer_id,
    transacted_at,
    amount::decimal(18, 2) as amount,
    nullif(lower(trim(channel)), '') as channel,
    nullif(trim(branch_id), '') as branch_id,
    nullif(trim(campaign_id), '') as campaign_id,
    nullif(trim(refunded_transaction_id), '') as refunded_transaction_id,
    coalesce(nullif(lower(trim(status)), ''), 'completed') as status,
    loaded_at
from read_parquet(getvariable('raw') || '/transactions.parquet')
-- rejected otherwise: no time, before 1900, more than a day after the load; no amount; no key
where transacted_at >= '1900-01-01'
    and transacted_at <= coalesce(loaded_at, getvariable('newest_load')) + interval 1 day
    and amount is not null
    and transaction_id <> '';

-- Few keys come more than once; only their rows are put in order.
create temp table doubled_keys as
select transaction_id
from transactions
group by transaction_id
having count(*) > 1;

create temp table newest_of_doubled as
select distinct on (transaction_id) transactions.*
from transactions semi join doubled_keys using (transaction_id)
where status in ('completed', 'cancelled', 'test')
order by transaction_id, loaded_at desc nulls last, customer_id desc nulls last, transacted_at desc,
    amount::varchar desc, channel desc nulls last, branch_id desc nulls last, campaign_id desc nulls last,
    refunded_transaction_id desc nulls last, status desc;

create temp table sales as
select coalesce(canonical_id, customer_id) as customer_id, transacted_at::date as day, amount
from (
    select transaction_id, customer_id, transacted_at, amount
    from transactions anti join doubled_keys using (transaction_id)
    where status = 'completed' and amount <> 0
    union all
    select transaction_id, customer_id, transacted_at, amount
    from newest_of_doubled
    where status = 'completed' and amount <> 0
)
left join canonical using (customer_id);

set variable as_of_date = (select max(day) from sales);

create temp table customer_days as
with days as (
    select customer_id, day, count(*) as purchase_count, sum(amount) as sales_amount
    from sales
    where amount > 0 and customer_id is not null
    group by customer_id, day
)
select
    *,
    lag(day) over in_time as previous_day,
    first_value(day) over in_time as first_day,
    max(day) over (partition by customer_id) as last_day
from days
window in_time as (partition by customer_id order by day);

create table fct_customer_rfm as
with measured as (
    select
        customer_id,
        getvariable('as_of_date') - last_day as recency_days,
        sum(purchase_count)::integer as purchase_count_in_window,
        sum(sales_amount)::decimal(18, 2) as sales_amount_in_window
    from customer_days
    where last_day - day <= 92
    group by customer_id, last_day
),
scored as (
    select
        *,
        case when recency_days <= 30 then 4 when recency_days <= 61 then 3 when recency_days <= 91 then 2 else 1 end as r,
        case
            when purchase_count_in_window <= 2 then 1 when purchase_count_in_window <= 3 then 2
            when purchase_count_in_window <= 4 then 3 else 4
        end as f,
        case
            when sales_amount_in_window <= 90 then 1 when sales_amount_in_window <= 180 then 2
            when sales_amount_in_window <= 270 then 3 else 4
        end as m
    from measured
),
codes as (
    select
        rfm_score,
        any_value(segment) filter (where scheme = 'customer_360') as customer_360_segment,
        any_value(segment) filter (where scheme = 'crm_dashboard') as crm_dashboard_segment
    from read_csv(getvariable('seeds') || '/segment_lookup.csv', all_varchar = true)
    group by rfm_score
)
select
    getvariable('as_of_date') as as_of_date,
    customer_id,
    recency_days::integer as recency_days,
    purchase_count_in_window,
    sales_amount_in_window,
    r as recency_score,
    f as frequency_score,
    m as monetary_score,
    codes.rfm_score,
    customer_360_segment,
    crm_dashboard_segment
from scored join codes on codes.rfm_score = r || '' || f || m;

create table fct_segment_split as
with counted as (
    select 'customer_360' as scheme, customer_360_segment as segment, count(*) as customer_count, sum(sales_amount_in_window) as sales_amount
    from fct_customer_rfm
    group by customer_360_segment
    union all
    select 'crm_dashboard', crm_dashboard_segment, count(*), sum(sales_amount_in_window)
    from fct_customer_rfm
    group by crm_dashboard_segment
),
filled as (
    select
        scheme,
        segment,
        display_order::integer as display_order,
        coalesce(customer_count, 0) as customer_count,
        coalesce(sales_amount, 0)::decimal(18, 2) as sales_amount
    from read_csv(getvariable('seeds') || '/segment_texts.csv', all_varchar = true)
    left join counted using (scheme, segment)
)
select
    getvariable('as_of_date') as as_of_date,
    scheme,
    segment,
    customer_count,
    rate(customer_count, sum(customer_count) over (partition by scheme)) as customer_share,
    sales_amount,
    rate(cents(sales_amount), cents(sum(sales_amount) over (partition by scheme))) as sales_share,
    average_amount(sales_amount, customer_count) as average_sales_amount,
    (rank() over (partition by scheme order by customer_count desc))::integer as customer_rank,
    (rank() over (partition by scheme order by sales_amount desc))::integer as sales_rank,
    (sum(customer_count) over (partition by scheme))::bigint as total_customer_count,
    rate(sum(customer_count) over from_high_to_low, sum(customer_count) over (partition by scheme)) as cumulative_customer_share,
    rate(cents(sum(sales_amount) over from_high_to_low), cents(sum(sales_amount) over (partition by scheme))) as cumulative_sales_share
from filled
window from_high_to_low as (partition by scheme order by sales_amount desc, display_order);

-- A customer counts once in a period: on the day before which the last purchase lies in an earlier period. So one pass
-- by day does for all grains.
create temp table day_figures as
select
    day,
    sum(purchase_count) as purchase_count,
    sum(sales_amount) as vip_sales_amount,
    count(*) filter (where first_day = day) as new_customer_count,
    count(*) as customers_of_day,
    count(*) filter (where previous_day is null or previous_day < date_trunc('week', day)) as customers_of_week,
    count(*) filter (where previous_day is null or previous_day < date_trunc('month', day)) as customers_of_month,
    count(*) filter (where previous_day is null or previous_day < date_trunc('quarter', day)) as customers_of_quarter,
    count(*) filter (where previous_day is null or previous_day < date_trunc('year', day)) as customers_of_year,
    sum(sales_amount) filter (where first_day = day) as new_sales_of_day,
    sum(sales_amount) filter (where first_day >= date_trunc('week', day)) as new_sales_of_week,
    sum(sales_amount) filter (where first_day >= date_trunc('month', day)) as new_sales_of_month,
    sum(sales_amount) filter (where first_day >= date_trunc('quarter', day)) as new_sales_of_quarter,
    sum(sales_amount) filter (where first_day >= date_trunc('year', day)) as new_sales_of_year
from customer_days
group by day;

create table fct_period_kpis as
with day_totals as (
    select
        day,
        sum(amount) filter (where amount > 0) as sales_amount,
        -sum(amount) filter (where amount < 0) as refund_amount
    from sales
    group by day
),
days as (
    select
        spine.day::date as day,
        day_totals.* exclude (day),
        day_figures.* exclude (day)
    from (select unnest(generate_series(min(day), max(day), interval 1 day)) as day from sales) as spine
    left join day_totals on spine.day = day_totals.day
    left join day_figures on spine.day = day_figures.day
),
periods as (
    select
        grain as period_grain,
        case grain when 'day' then day else date_trunc(grain, day) end::date as period_start_date,
        coalesce(sum(case grain
            when 'day' then customers_of_day when 'week' then customers_of_week when 'month' then customers_of_month
            when 'quarter' then customers_of_quarter when 'year' then customers_of_year
        end), 0)::bigint as customer_count,
        coalesce(sum(new_customer_count), 0)::bigint as new_customer_count,
        coalesce(sum(purchase_count), 0)::bigint as purchase_count,
        coalesce(sum(vip_sales_amount), 0)::decimal(18, 2) as vip_sales_amount,
        coalesce(sum(case grain
            when 'day' then new_sales_of_day when 'week' then new_sales_of_week when 'month' then new_sales_of_month
            when 'quarter' then new_sales_of_quarter when 'year' then new_sales_of_year
        end), 0)::decimal(18, 2) as new_sales_amount,
        coalesce(sum(sales_amount), 0)::decimal(18, 2) as sales_amount,
        coalesce(sum(refund_amount), 0)::decimal(18, 2) as refund_amount
    from days cross join (values ('day'), ('week'), ('month'), ('quarter'), ('year')) as grains (grain)
    group by all
)
select
    period_grain,
    period_start_date,
    period_start_date + case period_grain
        when 'day' then interval 1 day when 'week' then interval 7 day when 'month' then interval 1 month
        when 'quarter' then interval 3 month when 'year' then interval 1 year
    end <= getvariable('as_of_date') + 1 as is_complete,
    customer_count,
    new_customer_count,
    customer_count - new_customer_count as returning_customer_count,
    rate(customer_count - new_customer_count, customer_count) as return_rate,
    purchase_count,
    average_amount(vip_sales_amount, purchase_count) as average_transaction_amount,
    average_amount(vip_sales_amount, customer_count) as average_customer_amount,
    rate(cents(vip_sales_amount), cents(sales_amount)) as vip_sales_share,
    average_amount(new_sales_amount, new_customer_count) as average_new_customer_amount,
    average_amount(vip_sales_amount - new_sales_amount, customer_count - new_customer_count) as average_returning_customer_amount,
    vip_sales_amount,
    sales_amount,
    refund_amount,
    (sales_amount - refund_amount)::decimal(18, 2) as net_sales_amount
from periods;
