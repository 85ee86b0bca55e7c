-- `all` of the timing has every purchase of an identified customer and every contact, opening and click; the segments make up
-- the purchases, because whoever bought has a score.
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
        count(opened_at) as opened_count,
        count(clicked_at) as clicked_count
    from {{ ref('int_campaign_contacts') }}
    where not is_control
),

found as (
    select
        {% for figure in ['purchase_count', 'sales_amount', 'contacted_count', 'opened_count', 'clicked_count'] -%}
        sum(case when segment = 'all' then {{ figure }} end) as {{ figure }},
        sum(case when segment <> 'all' then {{ figure }} end) as {{ figure }}_of_segments,
        {% endfor -%}
        count(*) as hour_count,
        max(scheme) as scheme
    from {{ ref('fct_campaign_timing') }}
    group by scheme
)

select
    found.*,
    purchases.purchase_count as expected_purchase_count,
    purchases.sales_amount as expected_sales_amount,
    contacts.contacted_count as expected_contacted_count
from found
cross join purchases
cross join contacts
where
    found.purchase_count is distinct from purchases.purchase_count
    or found.sales_amount is distinct from purchases.sales_amount
    or found.contacted_count is distinct from contacts.contacted_count
    or found.opened_count is distinct from contacts.opened_count
    or found.clicked_count is distinct from contacts.clicked_count
    or found.purchase_count is distinct from found.purchase_count_of_segments
    or found.sales_amount is distinct from found.sales_amount_of_segments
    or found.contacted_count < found.contacted_count_of_segments
    or found.opened_count < found.opened_count_of_segments
    or found.clicked_count < found.clicked_count_of_segments
