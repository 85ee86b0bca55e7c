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

-- hardly anyone shares anything, so groups are found first and only their customers looked up
match_groups as (
    select
        match_kind,
        match_key,
        min(customer_id) as match_group_customer_id,
        count(*) as group_customer_count
    from match_keys
    group by match_kind, match_key
    having count(*) > 1
)

select
    match_groups.match_kind,
    match_groups.match_group_customer_id,
    match_keys.customer_id,
    cast(match_groups.group_customer_count as bigint) as group_customer_count
from match_keys
inner join match_groups
    on
        match_keys.match_kind = match_groups.match_kind
        and match_keys.match_key = match_groups.match_key
