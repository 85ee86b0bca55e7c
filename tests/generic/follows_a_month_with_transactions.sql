{#-
    Fails with D when the month before it, from the day after D less one month to the day before D, holds no purchase or
    refund: D lies beyond the data, or a load is missing. Without a D there is no month to look at.
    transactions  the mart fct_transactions
-#}
{% test follows_a_month_with_transactions(model, transactions) %}

{%- set findings -%}
select as_of.as_of_date
from {{ model }} as as_of
where
    as_of.as_of_date is not null
    and not exists (
        select 1
        from {{ transactions }} as events
        where
            (events.is_purchase or events.is_refund)
            and events.transaction_date > {{ date_plus('as_of.as_of_date', -1, 'month') }}
            and events.transaction_date < as_of.as_of_date
    )
{%- endset -%}

{#- dbt reports how many rows a test finds, not what is in them, so the date is said here. -#}
{%- if execute and flags.WHICH in ['build', 'test'] -%}
    {%- for row in run_query(findings) -%}
        {%- do exceptions.warn('The marts are as of ' ~ row[0] ~ ', but the month before that day holds no purchase or refund.') -%}
    {%- endfor -%}
{%- endif -%}
{{ findings }}

{% endtest %}
