{#-
    Name of the floating-point type of 8 bytes, for what a model estimates: probabilities, predictions, ends of intervals.
    Money and counts are never of this type. dbt's own type_float() has 4 bytes on some engines.
    returns  SQL text of a type
-#}
{%- macro type_double() -%}
    {{ return(adapter.dispatch('type_double', 'clientele')()) }}
{%- endmacro -%}

{%- macro default__type_double() -%}
    {{ return('double') }}
{%- endmacro -%}

{%- macro postgres__type_double() -%}
    {{ return('double precision') }}
{%- endmacro -%}
