-- `all` of the timing has every purchase of an identified customer and every contact, opening and click; the segments make up
-- the purchases, because whoever bought has a score.
with

expected as (
    select
        purchases.purchase_count,
        purchases.sales_amount,
        contacts.contacted_count,
        contacts.opened_count,
        contacts.clicked_count
    from (
        select
            count(*) as purchase_count,
            coalesce(sum(amount), 0) as sales_amount
        from {{ ref('fct_transactions') }}
        where is_purchase and customer_id is not null
    ) as purchases
    cross join (
        select
            count(*) as contacted_count,
            count(opened_at) as opened_count,
            count(clicked_at) as clicked_count
        from {{ ref('int_campaign_contacts') }}
        where not is_control
    ) as contacts
),

found as (
    select
        scheme,
        {% for figure in ['purchase_count', 'sales_amount', 'contacted_count', 'opened_count', 'clicked_count'] -%}
        sum(case when segment = 'all' then {{ figure }} end) as {{ figure }},
        sum(case when segment <> 'all' then {{ figure }} end) as {{ figure }}_of_segments{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('fct_campaign_timing') }}
    group by scheme
)

select
    found.*,
    expected.purchase_count as expected_purchase_count,
    expected.sales_amount as expected_sales_amount,
    expected.contacted_count as expected_contacted_count
from found
cross join expected
where
    found.purchase_count is distinct from expected.purchase_count
    or found.sales_amount is distinct from expected.sales_amount
    or found.contacted_count is distinct from expected.contacted_count
    or found.opened_count is distinct from expected.opened_count
    or found.clicked_count is distinct from expected.clicked_count
    or found.purchase_count is distinct from found.purchase_count_of_segments
    or found.sales_amount is distinct from found.sales_amount_of_segments
    or found.contacted_count < found.contacted_count_of_segments
    or found.opened_count < found.opened_count_of_segments
    or found.clicked_count < found.clicked_count_of_segments
