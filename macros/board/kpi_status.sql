{#-
    How a value stands to its target: `Achieved`, `Below Target` or `Above Target`; NULL where any of the three is.
    value, target  SQL of numbers
    direction      SQL of a text: `higher` or `lower` is better
    returns        SQL text
-#}
{%- macro kpi_status(value, target, direction) -%}
    {{ return('case when ' ~ value ~ ' = ' ~ target ~ ' or (' ~ value ~ ' > ' ~ target ~ ' and ' ~ direction ~ " = 'higher') then 'Achieved'"
        ~ ' when ' ~ value ~ ' < ' ~ target ~ ' and ' ~ direction ~ " is not null then 'Below Target'"
        ~ ' when ' ~ value ~ ' > ' ~ target ~ ' and ' ~ direction ~ " = 'lower' then 'Above Target' end") }}
{%- endmacro -%}

{#- Whether that is good news: a boolean, NULL where the status is. Arguments as for kpi_status. -#}
{%- macro kpi_is_favourable(value, target, direction) -%}
    {{ return('case when ' ~ direction ~ ' is not null then ' ~ value ~ ' = ' ~ target ~ ' or (' ~ value ~ ' > ' ~ target ~ ') = (' ~ direction ~ " = 'higher') end") }}
{%- endmacro -%}
