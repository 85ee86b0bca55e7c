{{ config(schema='pii') }}

with

contacts as (
    select
        customer_id,
        lower(trim(email)) as email_key,
        {{ digits_of('phone') }} as phone_digits
    from {{ ref('dim_customer_contacts') }}
),

-- +41 and 0041 are one prefix
match_keys as (
    select
        'email' as match_kind,
        email_key as match_key,
        customer_id
    from contacts
    where email_key is not null
    union all
    select
        'phone' as match_kind,
        case when phone_digits like '00%' then substr(phone_digits, 3) else phone_digits end as match_key,
        customer_id
    from contacts
    where length(case when phone_digits like '00%' then substr(phone_digits, 3) else phone_digits end) >= 7
),

grouped as (
    select
        match_kind,
        customer_id,
        min(customer_id) over (partition by match_kind, match_key) as match_group_customer_id,
        count(*) over (partition by match_kind, match_key) as group_customer_count
    from match_keys
)

select
    match_kind,
    match_group_customer_id,
    customer_id,
    cast(group_customer_count as bigint) as group_customer_count
from grouped
where group_customer_count > 1
