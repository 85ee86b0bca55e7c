-- No accepted transaction or line dated up to D gets lost between staging and the marts, and none is doubled.
with

accepted as (
    select
        events.transaction_id,
        events.amount
    from {{ ref('stg_crm__transactions') }} as events
    cross join {{ ref('int_as_of') }} as as_of
    where {{ reporting_date('events.transacted_at') }} <= as_of.as_of_date
),

expected as (
    select
        'fct_transactions' as mart,
        count(*) as row_count,
        sum(amount) as amount
    from accepted
    union all
    select
        'fct_transaction_lines' as mart,
        count(*) as row_count,
        sum(transaction_lines.amount) as amount
    from {{ ref('stg_crm__transaction_lines') }} as transaction_lines
    inner join accepted on transaction_lines.transaction_id = accepted.transaction_id
),

actual as (
    select
        'fct_transactions' as mart,
        count(*) as row_count,
        sum(amount) as amount
    from {{ ref('fct_transactions') }}
    union all
    select
        'fct_transaction_lines' as mart,
        count(*) as row_count,
        sum(amount) as amount
    from {{ ref('fct_transaction_lines') }}
)

select
    expected.mart,
    expected.row_count,
    actual.row_count as actual_row_count,
    expected.amount,
    actual.amount as actual_amount
from expected
full outer join actual on expected.mart = actual.mart
where expected.row_count is distinct from actual.row_count or expected.amount is distinct from actual.amount
