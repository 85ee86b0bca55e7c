{% do goes_by(['int_sales_checksums']) -%}
{{ config(
    materialized=kept_materialization(),
    incremental_strategy='replace_touched',
    meta={'customer': ['customer_id']},
    pre_hook="{{ find_touched() }}",
    post_hook="{{ remember_changes() }}"
) }}

with

purchases as (
    select *
    from {{ ref('int_transactions_classified') }}
    where
        is_purchase
        and customer_id is not null
        and {{ is_up_to_as_of('transaction_date') }}
        and {{ is_touched('customer_id') }}
),

days as (
    select
        customer_id,
        transaction_date as purchase_date,
        -- an integer, because a window over a range of days is the same on every engine only over integers
        {{ days_between("cast('1970-01-01' as date)", 'transaction_date') }} as day_number,
        cast(count(*) as integer) as purchase_count,
        {{ sum_amount('amount') }} as sales_amount,
        cast(count(case when is_vip_sale then 1 end) as integer) as vip_purchase_count,
        {{ sum_amount('amount', 'is_vip_sale') }} as vip_sales_amount
    from purchases
    group by customer_id, transaction_date
),

-- frequency and monetary value: the window ends with the purchase day itself
measured as (
    select
        *,
        sum(purchase_count) over recent as purchase_count_in_window,
        sum(sales_amount) over recent as sales_amount_in_window,
        first_value(purchase_date) over in_time as first_purchase_date,
        lag(purchase_date) over in_time as previous_purchase_date,
        lag(vip_purchase_count) over in_time as previous_vip_purchase_count,
        lead(purchase_date) over in_time as next_purchase_date
    from days
    window
        in_time as (partition by customer_id order by day_number),
        recent as (
            partition by customer_id order by day_number
            range between {{ var('rfm_window_days') }} preceding and current row
        )
)

select
    customer_id,
    purchase_date,
    purchase_count,
    sales_amount,
    vip_purchase_count,
    vip_sales_amount,
    first_purchase_date,
    previous_purchase_date,
    next_purchase_date,
    cast(purchase_count_in_window as integer) as purchase_count_in_window,
    cast(sales_amount_in_window as decimal(18, 2)) as sales_amount_in_window,
    -- once a member, always a member: where the purchase before was no VIP sale, none was
    case when previous_vip_purchase_count > 0 then previous_purchase_date end as previous_vip_purchase_date
from measured
