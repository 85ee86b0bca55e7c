-- Question: which open leads should be called first?
-- Reading:  leads that are open on D, the greatest amount to expect first: the chance of leads of that source that had been
--           open as long, times the deal amount, or the source's average won deal where the lead has none. Leads older than
--           twice churn_days are left out: they were mostly forgotten rather than undecided, and should be closed. The
--           customer's segment and sales say whom one is talking to; both are empty for a stranger. expected_share tells how
--           much of all there is to expect comes from this lead and those above it.
-- Marts:    fct_open_leads, dim_customers
with

leads as (
    select * from {{ ref('fct_open_leads') }}
    where age_days <= 2 * {{ var('churn_days') }}
),

ranked as (
    select
        *,
        sum(expected_deal_amount) over (order by expected_deal_amount desc, lead_id asc) as expected_amount_so_far,
        sum(expected_deal_amount) over () as expected_amount_of_all
    from leads
    where expected_deal_amount > 0
)

select
    ranked.lead_id,
    ranked.owner,
    ranked.source,
    ranked.customer_id,
    customers.crm_dashboard_segment,
    customers.sales_amount_lifetime,
    ranked.age_days,
    ranked.is_qualified,
    ranked.deal_amount,
    round(cast(ranked.win_probability as decimal(18, 6)), 2) as win_probability,
    round(cast(ranked.expected_deal_amount as decimal(18, 6)), 2) as expected_deal_amount,
    round(cast(ranked.expected_amount_so_far / ranked.expected_amount_of_all as decimal(18, 6)), 2) as expected_share
from ranked
left join {{ ref('dim_customers') }} as customers on ranked.customer_id = customers.customer_id
order by
    ranked.expected_deal_amount desc,
    ranked.lead_id asc
