{#-
    Points from 1 to 4 for one measure; 4 is best, equal values get equal points.
    measure  recency (few days are good), frequency or monetary (much is good)
    value    SQL of the value: days since the last purchase, number of purchases, amount
    returns  SQL text of an integer. It reads the columns <measure>_cut_1 .. <measure>_cut_3, rising, of a one-row
             relation in scope: int_rfm_cut_points (from the seed rfm_scale), or the quartiles.
    Points = 1 + cut points below the value; for recency 4 - cut points below the value.
-#}
{%- macro rfm_score(measure, value) -%}
    {%- set steps = [] -%}
    {%- for number in range(1, 4) -%}
        {%- do steps.append('case when ' ~ value ~ ' > ' ~ measure ~ '_cut_' ~ number ~ ' then 1 else 0 end') -%}
    {%- endfor -%}
    {{ return('4 - ' ~ steps | join(' - ') if measure == 'recency' else '1 + ' ~ steps | join(' + ')) }}
{%- endmacro -%}

{#- The three points as one text, such as 444. Arguments: SQL of integers. -#}
{%- macro rfm_code(recency_score, frequency_score, monetary_score) -%}
    {%- set digits = [] -%}
    {%- for score in [recency_score, frequency_score, monetary_score] -%}
        {%- do digits.append('cast(' ~ score ~ ' as ' ~ dbt.type_string() ~ ')') -%}
    {%- endfor -%}
    {{ return(digits | join(' || ')) }}
{%- endmacro -%}
