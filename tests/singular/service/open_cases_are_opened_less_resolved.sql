-- From one period to the next open cases change by those opened less those resolved; they start from the cases of before the
-- first period, and what is open in the last period of every grain is what no answer was given to by the end of D.
with

cases as (
    select
        period_grain,
        period_start_date,
        opened_count,
        resolved_count,
        open_count,
        lag(open_count) over (partition by period_grain order by period_start_date) as open_count_before,
        lead(period_start_date) over (partition by period_grain order by period_start_date) as next_period_start_date
    from {{ ref('fct_service_cases') }}
),

interactions as (
    select * from {{ ref('int_interactions_classified') }}
    where is_case
),

waiting as (
    select count(*) as waiting_count
    from interactions
    where resolved_at is null
),

from_before as (
    select
        cases.period_grain,
        count(interactions.interaction_id) as open_count
    from cases
    left join interactions
        on
            cases.period_start_date > interactions.occurred_date
            and (interactions.resolved_date is null or cases.period_start_date <= interactions.resolved_date)
    where cases.open_count_before is null
    group by cases.period_grain
)

select
    cases.period_grain,
    cases.period_start_date,
    cases.open_count_before,
    from_before.open_count as open_count_from_before,
    cases.opened_count,
    cases.resolved_count,
    cases.open_count,
    waiting.waiting_count
from cases
cross join waiting
left join from_before on cases.period_grain = from_before.period_grain
where
    cases.open_count is distinct from coalesce(cases.open_count_before, from_before.open_count) + cases.opened_count - cases.resolved_count
    or (cases.next_period_start_date is null and cases.open_count is distinct from waiting.waiting_count)
