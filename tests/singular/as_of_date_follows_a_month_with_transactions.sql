{{ config(
    severity='warn',
    meta={'reason': 'A quiet month before D is no error of the build, but a sign that D lies beyond the data or that a load is missing.'}
) }}
{%- set findings -%}
select as_of.as_of_date
from {{ ref('int_as_of') }} as as_of
where
    as_of.as_of_date is not null
    and not exists (
        select 1
        from {{ ref('fct_transactions') }} as transactions
        where
            (transactions.is_purchase or transactions.is_refund)
            and transactions.transaction_date > {{ date_plus('as_of.as_of_date', -1, 'month') }}
            and transactions.transaction_date < as_of.as_of_date
    )
{%- endset -%}
{#- dbt reports how many rows a test finds, not what is in them, so the date is said here. -#}
{%- if execute and flags.WHICH in ['build', 'test'] -%}
    {%- for row in run_query(findings) -%}
        {%- do log('The marts are as of ' ~ row[0] ~ ', but the month before that day holds no purchase or refund.', info=true) -%}
    {%- endfor -%}
{%- endif -%}
{{ findings }}
