{#-
    Arithmetic in whole numbers of up to 38 digits, where a sum of fractions has to be exact before it is rounded.
    expression  SQL of a whole number, or of a decimal without digits after the point
    returns     SQL text
-#}
{%- macro whole_number(expression) -%}
    {{ return(adapter.dispatch('whole_number', 'clientele')(expression)) }}
{%- endmacro -%}

{%- macro duckdb__whole_number(expression) -%}
    {{ return('cast(' ~ expression ~ ' as hugeint)') }}
{%- endmacro -%}

{#- How often a whole number goes into another one, the rest left out (towards zero). Arguments: SQL of whole numbers. -#}
{%- macro whole_quotient(numerator, denominator) -%}
    {{ return(adapter.dispatch('whole_quotient', 'clientele')(numerator, denominator)) }}
{%- endmacro -%}

{%- macro duckdb__whole_quotient(numerator, denominator) -%}
    {{ return('((' ~ numerator ~ ') // (' ~ denominator ~ '))') }}
{%- endmacro -%}

{#- Money as a whole number of cents. amount: SQL of a decimal with two digits after the point. -#}
{%- macro cents(amount) -%}
    {{ return(clientele.whole_number('cast(' ~ amount ~ ' as decimal(38, 2)) * 100')) }}
{%- endmacro -%}

{#- Cents as money. cents: SQL of a whole number of up to 18 digits. -#}
{%- macro money_of_cents(cents) -%}
    {{ return('cast(cast(' ~ cents ~ ' as decimal(38, 0)) * cast(0.01 as decimal(2, 2)) as decimal(18, 2))') }}
{%- endmacro -%}
