-- In each scheme everyone with a score who agreed to a channel, was not erased and never unsubscribed is listed once, by a
-- channel they agreed to. Consent is looked up once more, in the contacts themselves.
with

unsubscribed as (
    select distinct customer_id
    from {{ ref('int_campaign_contacts') }}
    where unsubscribed_at is not null
),

schemes as (
    select distinct scheme from {{ ref('dim_segments') }}
),

expected as (
    select
        schemes.scheme,
        customers.customer_id,
        customers.email_opt_in,
        customers.sms_opt_in
    from {{ ref('dim_customers') }} as customers
    cross join schemes
    left join unsubscribed on customers.customer_id = unsubscribed.customer_id
    where
        customers.rfm_score is not null
        and (customers.email_opt_in or customers.sms_opt_in)
        and not customers.is_erased
        and unsubscribed.customer_id is null
)

select
    expected.customer_id as expected_customer_id,
    audiences.customer_id,
    audiences.best_channel,
    coalesce(expected.scheme, audiences.scheme) as scheme
from expected
full outer join {{ ref('fct_campaign_audiences') }} as audiences
    on expected.scheme = audiences.scheme and expected.customer_id = audiences.customer_id
where
    expected.customer_id is null
    or audiences.customer_id is null
    or not coalesce(case audiences.best_channel when 'email' then expected.email_opt_in when 'sms' then expected.sms_opt_in end, false)
