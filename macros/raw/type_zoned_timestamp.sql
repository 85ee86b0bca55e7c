{#-
    Name of the type of a timestamp that knows its offset, as a column of one's own may have; models have none, all theirs are in UTC.
    returns  SQL text of a type
-#}
{%- macro type_zoned_timestamp() -%}
    {{ return(adapter.dispatch('type_zoned_timestamp', 'clientele')()) }}
{%- endmacro -%}

{%- macro default__type_zoned_timestamp() -%}
    {{ return('timestamp with time zone') }}
{%- endmacro -%}
