{% do goes_by(['int_sales_checksums', 'int_engagement_checksums', 'int_scale_checksums']) -%}
{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_touched',
    meta={'customer': ['customer_id']},
    pre_hook="{{ find_touched() }}",
    post_hook="{{ remember_changes() }}"
) }}

{%- set columns = ['contact_id', 'campaign_id', 'customer_id', 'contacted_at', 'contacted_date', 'is_control', 'window_ends_at', 'is_before_start'] -%}
with

-- Most customers are contacted once by a campaign: only those contacted more often are put in order and added up. Each
-- query reads the table itself: a common import of all its columns would be written down once more.
repeated as (
    select
        campaign_id,
        customer_id
    from {{ ref('int_campaign_contacts') }}
    where {{ is_touched('customer_id') }}
    group by campaign_id, customer_id
    having count(*) > 1
),

repeated_contacts as (
    select
        contacts.{{ columns | join(',\n        contacts.') }},
        max(contacts.opened_at) over customer_contacts is not null as has_opened,
        max(contacts.clicked_at) over customer_contacts is not null as has_clicked,
        max(contacts.unsubscribed_at) over customer_contacts is not null as has_unsubscribed,
        row_number() over (
            partition by contacts.campaign_id, contacts.customer_id order by contacts.contacted_at, contacts.contact_id
        ) as earliest_first
    from {{ ref('int_campaign_contacts') }} as contacts
    inner join repeated on contacts.campaign_id = repeated.campaign_id and contacts.customer_id = repeated.customer_id
    window customer_contacts as (partition by contacts.campaign_id, contacts.customer_id)
),

first_contacts as (
    select
        contacts.{{ columns | join(',\n        contacts.') }},
        contacts.opened_at is not null as has_opened,
        contacts.clicked_at is not null as has_clicked,
        contacts.unsubscribed_at is not null as has_unsubscribed
    from {{ ref('int_campaign_contacts') }} as contacts
    left join repeated on contacts.campaign_id = repeated.campaign_id and contacts.customer_id = repeated.customer_id
    where repeated.campaign_id is null and {{ is_touched('contacts.customer_id') }}
    union all
    select
        {{ columns | join(',\n        ') }},
        has_opened,
        has_clicked,
        has_unsubscribed
    from repeated_contacts
    where earliest_first = 1
),

cut_points as (
    select * from {{ ref('int_rfm_cut_points') }}
),

purchases as (
    select
        contact_id,
        count(*) as purchase_count,
        sum(sales_amount) as sales_amount
    from {{ ref('int_campaign_purchases_matched') }}
    where {{ is_touched('customer_id') }}
    group by contact_id
),

-- The score on the day before the contact: frequency and monetary value from the last purchase day before the contact,
-- recency from there. It is the score of int_customer_rfm_spans_scored, whose up to four rows a purchase day would make the join
-- three times as large.
measured as (
    select
        first_contacts.*,
        customer_days.purchase_count_in_window,
        customer_days.sales_amount_in_window,
        {{ days_between('customer_days.purchase_date', 'first_contacts.contacted_date') }} - 1 as recency_days
    from first_contacts
    left join {{ ref('int_customer_days') }} as customer_days
        on
            first_contacts.customer_id = customer_days.customer_id
            and first_contacts.contacted_date > customer_days.purchase_date
            and first_contacts.contacted_date <= coalesce(customer_days.next_purchase_date, cast('9999-12-31' as date))
),

scored as (
    select
        measured.*,
        case
            when measured.recency_days is not null then {{ rfm_code(
                rfm_score('recency', 'measured.recency_days'),
                rfm_score('frequency', 'measured.purchase_count_in_window'),
                rfm_score('monetary', 'measured.sales_amount_in_window')
            ) }}
        end as rfm_score
    from measured
    cross join cut_points
)

select
    scored.campaign_id,
    scored.customer_id,
    scored.contact_id as first_contact_id,
    scored.contacted_at,
    scored.contacted_date,
    scored.is_control,
    scored.window_ends_at,
    scored.is_before_start,
    scored.rfm_score,
    codes.customer_360_segment,
    codes.crm_dashboard_segment,
    scored.has_opened,
    scored.has_clicked,
    scored.has_unsubscribed,
    cast(coalesce(purchases.purchase_count, 0) as integer) as purchase_count,
    cast(coalesce(purchases.sales_amount, 0) as decimal(18, 2)) as sales_amount
from scored
left join {{ ref('int_rfm_codes_looked_up') }} as codes on scored.rfm_score = codes.rfm_score
left join purchases on scored.contact_id = purchases.contact_id
