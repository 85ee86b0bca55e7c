{#- The digits 0 to 9 of a text, everything else left out. text: SQL of a text; returns SQL of a text. -#}
{%- macro digits_of(text) -%}
    {{ return(adapter.dispatch('digits_of', 'clientele')(text)) }}
{%- endmacro -%}

{#- DuckDB and PostgreSQL replace the first match only unless they are told otherwise. -#}
{%- macro default__digits_of(text) -%}
    {{ return("regexp_replace(" ~ text ~ ", '[^0-9]', '', 'g')") }}
{%- endmacro -%}
