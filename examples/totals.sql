-- What a mapping brought into the marts: purchases and refunds, with and without a customer.
with lines as (
    select transaction_id, count(*) as line_count
    from marts.fct_transaction_lines
    group by transaction_id
)

select
    case when is_purchase then 'purchases' else 'refunds' end as kind,
    case when customer_id is null then 'anonymous' else 'identified' end as customer,
    count(*) as transactions,
    count(distinct customer_id) as customers,
    sum(line_count)::bigint as lines,
    sum(amount) as amount
from marts.fct_transactions
left join lines using (transaction_id)
where is_purchase or is_refund
group by all
order by kind, customer desc;
