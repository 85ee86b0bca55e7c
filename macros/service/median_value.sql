{#-
    Exact median of whole numbers, the mean of the middle two where there are two, divided by a whole number and rounded
    half away from zero; NULL without a value. Both middle values are found by rank, so nothing is interpolated in
    floating point, where engines differ.
    expression  SQL of whole numbers; NULL is passed over
    per         number to divide by, such as the units in an hour
    returns     SQL text of an aggregate of type decimal(18,4)
-#}
{%- macro median_value(expression, per=1) -%}
    {%- set middle = 'percentile_disc(0.5) within group (order by ' ~ expression -%}
    {{ return(clientele.divide('(' ~ middle ~ ') + ' ~ middle ~ ' desc))', 2 * per, 4)) }}
{%- endmacro -%}
