-- Those who come from a segment are those who were in it at the month end before: nobody vanishes, nobody is made up.
with

migration as (
    select
        *,
        {{ month_index('as_of_date') }} as month_number
    from {{ ref('fct_segment_migration') }}
),

arrived as (
    select
        scheme,
        to_segment as segment,
        month_number + 1 as month_number,
        sum(customer_count) as customer_count
    from migration
    where month_number < (select max(last_month.month_number) from migration as last_month)
    group by scheme, month_number, to_segment
),

left_from as (
    select
        scheme,
        month_number,
        from_segment as segment,
        sum(customer_count) as customer_count,
        sum(from_share) as from_share,
        count(*) as row_count
    from migration
    where from_segment <> 'first purchase'
    group by scheme, month_number, from_segment
)

select
    arrived.customer_count as customer_count_before,
    left_from.customer_count,
    left_from.from_share,
    coalesce(arrived.scheme, left_from.scheme) as scheme,
    coalesce(arrived.month_number, left_from.month_number) as month_number,
    coalesce(arrived.segment, left_from.segment) as segment
from arrived
full outer join left_from
    on
        arrived.scheme = left_from.scheme
        and arrived.month_number = left_from.month_number
        and arrived.segment = left_from.segment
where
    arrived.customer_count is distinct from left_from.customer_count
    -- each share is rounded in the sixth digit
    or not coalesce(abs(left_from.from_share - 1) <= 0.0000005 * left_from.row_count, false)
