-- `all` of the timing has every purchase of an identified customer and every contact, opening and click, in both schemes. The segments make
-- up the purchases, because whoever bought has a score, and what went to customers with a score. Without a D there is nothing to hold.
with

purchases as (
    select
        count(*) as purchase_count,
        coalesce(sum(amount), 0) as sales_amount
    from {{ ref('fct_transactions') }}
    where is_purchase and customer_id is not null
),

contacts as (
    select
        count(*) as contacted_count,
        count(sent.opened_at) as opened_count,
        count(sent.clicked_at) as clicked_count,
        count(scores.customer_id) as contacted_count_of_segments,
        count(case when scores.customer_id is not null then sent.opened_at end) as opened_count_of_segments,
        count(case when scores.customer_id is not null then sent.clicked_at end) as clicked_count_of_segments
    from {{ ref('int_campaign_contacts') }} as sent
    left join {{ ref('fct_customer_rfm') }} as scores on sent.customer_id = scores.customer_id
    where not sent.is_control
),

schemes as (
    select distinct scheme from {{ ref('dim_segments') }}
),

found as (
    select
        {% for figure in ['purchase_count', 'sales_amount', 'contacted_count', 'opened_count', 'clicked_count'] -%}
        sum(case when segment = 'all' then {{ figure }} end) as {{ figure }},
        sum(case when segment <> 'all' then {{ figure }} end) as {{ figure }}_of_segments,
        {% endfor -%}
        scheme
    from {{ ref('fct_campaign_timing') }}
    group by scheme
)

select
    found.*,
    purchases.purchase_count as expected_purchase_count,
    purchases.sales_amount as expected_sales_amount,
    contacts.contacted_count as expected_contacted_count,
    schemes.scheme as expected_scheme
from schemes
left join found on schemes.scheme = found.scheme
cross join purchases
cross join contacts
where
    coalesce(found.purchase_count, 0) is distinct from purchases.purchase_count
    or coalesce(found.sales_amount, 0) is distinct from purchases.sales_amount
    or coalesce(found.contacted_count, 0) is distinct from contacts.contacted_count
    or coalesce(found.opened_count, 0) is distinct from contacts.opened_count
    or coalesce(found.clicked_count, 0) is distinct from contacts.clicked_count
    or found.purchase_count is distinct from found.purchase_count_of_segments
    or found.sales_amount is distinct from found.sales_amount_of_segments
    or coalesce(found.contacted_count_of_segments, 0) is distinct from contacts.contacted_count_of_segments
    or coalesce(found.opened_count_of_segments, 0) is distinct from contacts.opened_count_of_segments
    or coalesce(found.clicked_count_of_segments, 0) is distinct from contacts.clicked_count_of_segments
