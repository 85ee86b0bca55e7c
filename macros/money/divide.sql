{#-
    Exact quotient, rounded half away from zero; NULL where the denominator is 0, either is NULL or
    the quotient has more than 18 digits. Never in floating
    point, where engines differ at every half cent.
    numerator, denominator  SQL of whole numbers or of decimals with at most two digits after the point
    digits                  digits after the point: 6 for shares, rates and changes, 4 for averages of money
    returns                 SQL text of type decimal(18, digits)
-#}
{%- macro divide(numerator, denominator, digits) -%}
    {{ return(adapter.dispatch('divide', 'clientele')(numerator, denominator, digits)) }}
{%- endmacro -%}

{#- DuckDB divides decimals as doubles, but whole numbers of 128 bits exactly: both sides are counted in cents, and twice
    the numerator plus one denominator over twice the denominator rounds the half up. -#}
{%- macro duckdb__divide(numerator, denominator, digits) -%}
    {%- set n = 'cast(cast(' ~ numerator ~ ' as decimal(38, 2)) * 100 as hugeint)' -%}
    {%- set d = 'cast(cast(' ~ denominator ~ ' as decimal(38, 2)) * 100 as hugeint)' -%}
    {%- set quotient = '(2 * abs(' ~ n ~ ') * 1' ~ '0' * digits ~ ' + abs(' ~ d ~ ')) // (2 * abs(' ~ d ~ '))' -%}
    {%- set last_digit = 'cast(0.' ~ '0' * (digits - 1) ~ '1 as decimal(' ~ digits ~ ', ' ~ digits ~ '))' -%}
    {{ return('case when ' ~ d ~ ' <> 0 and ' ~ quotient ~ ' < 1000000000000000000 then cast(cast(sign(' ~ n ~ ') * sign(' ~ d ~ ') * (' ~ quotient ~ ') as decimal(38, 0)) * ' ~ last_digit ~ ' as decimal(18, ' ~ digits ~ ')) end') }}
{%- endmacro -%}

{#- Shares, rates and changes: decimal(18,6). Arguments as for divide. -#}
{%- macro rate(numerator, denominator) -%}
    {{ return(clientele.divide(numerator, denominator, 6)) }}
{%- endmacro -%}

{#- Averages of money: decimal(18,4). Arguments as for divide. -#}
{%- macro average_amount(numerator, denominator) -%}
    {{ return(clientele.divide(numerator, denominator, 4)) }}
{%- endmacro -%}

{#- Change of a value on an earlier one, value / earlier - 1, as a rate. Arguments as for divide. -#}
{%- macro change(current_value, earlier_value) -%}
    {{ return(clientele.rate(current_value ~ ' - ' ~ earlier_value, earlier_value)) }}
{%- endmacro -%}

{#- A sum of money as decimal(18,2), 0 where there is none. expression: SQL; condition: SQL or none. -#}
{%- macro sum_amount(expression, condition=none) -%}
    {#- by CASE: a FILTER takes DuckDB longer -#}
    {{ return('cast(coalesce(sum(' ~ ('case when ' ~ condition ~ ' then ' ~ expression ~ ' end' if condition else expression) ~ '), 0) as decimal(18, 2))') }}
{%- endmacro -%}
