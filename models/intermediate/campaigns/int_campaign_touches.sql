{% do goes_by(['int_sales_checksums', 'int_engagement_checksums']) -%}
{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_touched',
    meta={'customer': ['customer_id', 'transaction_date']},
    pre_hook="{{ find_touched() }}",
    post_hook="{{ remember_changes() }}"
) }}

with

own_campaigns as (
    select
        transaction_id,
        campaign_id,
        customer_id,
        transaction_date,
        amount as sales_amount
    from {{ ref('int_transactions_classified') }}
    where
        is_purchase
        and campaign_id is not null
        and {{ is_up_to_as_of('transaction_date') }}
        and {{ is_touched('customer_id', 'transaction_date') }}
),

contacts as (
    select
        transaction_id,
        campaign_id,
        contact_id,
        customer_id,
        transaction_date,
        sales_amount,
        contacted_at as touched_at,
        cast(row_number() over (partition by transaction_id order by contacted_at, contact_id) as integer) as touch_number,
        cast(count(*) over (partition by transaction_id) as integer) as touch_count
    from {{ ref('int_campaign_purchases_matched') }}
    where not is_control and own_campaign_id is null and {{ is_touched('customer_id') }}
),

touches as (
    select
        transaction_id,
        campaign_id,
        contact_id,
        customer_id,
        transaction_date,
        sales_amount,
        touched_at,
        touch_number,
        touch_count
    from contacts
    union all
    -- a sale that carries its campaign needs no contact, and none has a share in it
    select
        transaction_id,
        campaign_id,
        cast(null as {{ dbt.type_string() }}) as contact_id,
        customer_id,
        transaction_date,
        sales_amount,
        cast(null as {{ dbt.type_timestamp() }}) as touched_at,
        1 as touch_number,
        1 as touch_count
    from own_campaigns
)

select
    transaction_id,
    campaign_id,
    contact_id,
    customer_id,
    transaction_date,
    sales_amount,
    touched_at,
    touch_number,
    touch_count,
    touch_number = 1 as is_first_touch,
    touch_number = touch_count as is_last_touch,
    -- the share up to this touch less the share up to the one before: what rounding takes from one the next one gets
    cast({{ rate('touch_number', 'touch_count') }} - {{ rate('touch_number - 1', 'touch_count') }} as decimal(18, 6)) as linear_credit,
    cast(
        {{ divide('sales_amount * touch_number', 'touch_count', 2) }} - {{ divide('sales_amount * (touch_number - 1)', 'touch_count', 2) }}
        as decimal(18, 2)
    ) as linear_sales_amount
from touches
