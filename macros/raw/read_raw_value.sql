{#-
    SQL that reads one raw column as the contract's type; NULL where it is empty or not of that type.
    column   dict of macro raw_contract (name, type, lower, default)
    returns  SQL text over two columns: <name>, as it came, and <name>_text, its trimmed text (macro trimmed_text)
    The column may be text (CSV) or typed (Parquet, a table of one's own): typeof is folded while the query is planned,
    so a typed column costs no pattern and a text column no wrong cast.
-#}
{%- macro read_raw_value(column) -%}
    {%- set value = clientele.read_raw_timestamp(column.name) if column.type == 'timestamp'
        else clientele.read_raw_date(column.name) if column.type == 'date'
        else clientele.read_raw_decimal(column.name) if column.type == 'decimal'
        else clientele.read_raw_integer(column.name) if column.type == 'integer'
        else clientele.read_raw_boolean(column.name) if column.type == 'boolean'
        else column.name ~ '_text' -%}
    {%- set value = 'lower(' ~ value ~ ')' if column.lower else value -%}
    {{ return('coalesce(' ~ value ~ ", '" ~ column.default ~ "')" if column.default else value) }}
{%- endmacro -%}

{#-
    The trimmed text of a raw column; NULL where nothing is left. White space is that of ASCII: space, tab, line feed,
    vertical tab, form feed, carriage return. Names go in, SQL text comes out, here and below.
-#}
{%- macro trimmed_text(name) -%}
    {{ return(adapter.dispatch('trimmed_text', 'clientele')(name)) }}
{%- endmacro -%}

{%- macro duckdb__trimmed_text(name) -%}
    {%- set text = 'cast(' ~ name ~ ' as ' ~ dbt.type_string() ~ ')' -%}
    {%- set trimmed = 'nullif(trim(' ~ text ~ ", chr(32) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)), '')" -%}
    {#- Hardly any text has white space at an end, and to look for it (it sorts before '!') costs less than trimming. -#}
    {{ return('case when ' ~ text ~ " < '!' or substr(" ~ text ~ ", -1) < '!' then " ~ trimmed ~ ' else ' ~ text ~ ' end') }}
{%- endmacro -%}

{#- Whether a raw column holds anything. -#}
{%- macro is_given(name) -%}
    {{ return(adapter.dispatch('is_given', 'clientele')(name)) }}
{%- endmacro -%}

{%- macro duckdb__is_given(name) -%}
    {{ return("case when typeof(" ~ name ~ ") = 'VARCHAR' then " ~ name ~ "_text is not null else " ~ name ~ " is not null end") }}
{%- endmacro -%}

{#- Whether a raw column is stored as whole numbers. -#}
{%- macro is_stored_as_integer(name) -%}
    {{ return("typeof(" ~ name ~ ") in ('TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT')") }}
{%- endmacro -%}

{#- Whether a raw column is stored as dates or timestamps. -#}
{%- macro is_stored_as_time(name) -%}
    {{ return("(typeof(" ~ name ~ ") = 'DATE' or typeof(" ~ name ~ ") like 'TIMESTAMP%')") }}
{%- endmacro -%}

{#-
    decimal(18,2), rounded half away from zero; at most 15 digits before the point. Floating-point numbers are judged by
    their shortest decimal text; below 0.0001 that has an exponent, and they round to zero cents.
-#}
{%- macro read_raw_decimal(name) -%}
    {{ return(adapter.dispatch('read_raw_decimal', 'clientele')(name)) }}
{%- endmacro -%}

{%- macro duckdb__read_raw_decimal(name) -%}
    {{ return("case"
        ~ " when typeof(" ~ name ~ ") like 'DECIMAL%' or " ~ clientele.is_stored_as_integer(name) ~ " then try_cast(" ~ name ~ " as decimal(18, 2))"
        ~ " when typeof(" ~ name ~ ") in ('FLOAT', 'DOUBLE') and abs(try_cast(" ~ name ~ " as double)) < 0.0001 then 0"
        ~ " when regexp_full_match(" ~ name ~ "_text, '[+-]?[0-9]{1,15}([.][0-9]+)?') then try_cast(" ~ name ~ "_text as decimal(18, 2))"
        ~ " end") }}
{%- endmacro -%}

{#- An integer of at most nine digits. -#}
{%- macro read_raw_integer(name) -%}
    {{ return(adapter.dispatch('read_raw_integer', 'clientele')(name)) }}
{%- endmacro -%}

{%- macro duckdb__read_raw_integer(name) -%}
    {{ return("case"
        ~ " when " ~ clientele.is_stored_as_integer(name) ~ " then try_cast(" ~ name ~ " as integer)"
        ~ " when regexp_full_match(" ~ name ~ "_text, '[+-]?[0-9]{1,9}') then try_cast(" ~ name ~ "_text as integer)"
        ~ " end") }}
{%- endmacro -%}

{#- A date of the years 0001 to 9999 that exists. A column of timestamps counts by its days in UTC. -#}
{%- macro read_raw_date(name) -%}
    {{ return(adapter.dispatch('read_raw_date', 'clientele')(name)) }}
{%- endmacro -%}

{%- macro duckdb__read_raw_date(name) -%}
    {{ return(clientele.within_calendar("case"
        ~ " when " ~ clientele.is_stored_as_time(name) ~ " then cast(" ~ clientele.read_stored_timestamp(name) ~ " as date)"
        ~ " when regexp_full_match(" ~ name ~ "_text, '[0-9]{4}-[0-9]{2}-[0-9]{2}') then try_cast(" ~ name ~ "_text as date)"
        ~ " end", 'date')) }}
{%- endmacro -%}

{#-
    A timestamp in UTC: a date, then perhaps a time to the minute, second or fraction (cut at microseconds), then perhaps
    Z or an offset, which is taken off.
-#}
{%- macro read_raw_timestamp(name) -%}
    {{ return(adapter.dispatch('read_raw_timestamp', 'clientele')(name)) }}
{%- endmacro -%}

{%- macro duckdb__read_raw_timestamp(name) -%}
    {%- set day = '[0-9]{4}-[0-9]{2}-[0-9]{2}' -%}
    {%- set time = '[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?' -%}
    {%- set offset = '[+-]([01][0-9]|2[0-3]):[0-5][0-9]' -%}
    {%- set local_time = "try_cast(replace(regexp_extract(" ~ name ~ "_text, '^" ~ day ~ "([ T][0-9:]+([.][0-9]{1,6})?)?'), 'T', ' ') as timestamp)" -%}
    {%- set offset_minutes = "cast(right(" ~ name ~ "_text, 6)[1] || '1' as integer) * (60 * cast(left(right(" ~ name ~ "_text, 5), 2) as integer) + cast(right(" ~ name ~ "_text, 2) as integer))" -%}
    {%- set timestamp = "case"
        ~ " when " ~ clientele.is_stored_as_time(name) ~ " then " ~ clientele.read_stored_timestamp(name)
        ~ " when not regexp_full_match(" ~ name ~ "_text, '" ~ day ~ "(" ~ time ~ ")?(Z|" ~ offset ~ ")?') then null"
        ~ " when regexp_full_match(" ~ name ~ "_text, '.*" ~ offset ~ "') then " ~ local_time ~ " - to_minutes(" ~ offset_minutes ~ ")"
        ~ " else " ~ local_time
        ~ " end" -%}
    {{ return(clientele.within_calendar(timestamp, 'timestamp')) }}
{%- endmacro -%}

{#- A date or timestamp of the years 0001 to 9999; NULL where it lies outside (an offset can lead there). value: SQL; type: text. -#}
{%- macro within_calendar(value, type) -%}
    {%- set before = '0000-12-31 23:59:59.999999' if type == 'timestamp' else '0000-12-31' -%}
    {{ return("nullif(nullif(least(greatest(" ~ value ~ ", '" ~ before ~ "'), '10000-01-01'), '" ~ before ~ "'), '10000-01-01')") }}
{%- endmacro -%}

{#- A column stored as dates or timestamps as timestamps in UTC; infinity is not one. A cast of nanoseconds would round. -#}
{%- macro read_stored_timestamp(name) -%}
    {{ return("case"
        ~ " when not isfinite(try_cast(" ~ name ~ " as timestamp)) then null"
        ~ " when typeof(" ~ name ~ ") = 'TIMESTAMP_NS' then try_cast(left(cast(" ~ name ~ " as varchar), 26) as timestamp)"
        ~ " when typeof(" ~ name ~ ") = 'TIMESTAMP WITH TIME ZONE' then timezone('UTC', try_cast(" ~ name ~ " as timestamptz))"
        ~ " else try_cast(" ~ name ~ " as timestamp)"
        ~ " end") }}
{%- endmacro -%}

{#- true for true, t, 1, yes; false for false, f, 0, no; in any case of letters. -#}
{%- macro read_raw_boolean(name) -%}
    {{ return(adapter.dispatch('read_raw_boolean', 'clientele')(name)) }}
{%- endmacro -%}

{%- macro duckdb__read_raw_boolean(name) -%}
    {{ return("case"
        ~ " when typeof(" ~ name ~ ") = 'BOOLEAN' then try_cast(" ~ name ~ " as boolean)"
        ~ " when lower(" ~ name ~ "_text) in ('true', 't', '1', 'yes') then true"
        ~ " when lower(" ~ name ~ "_text) in ('false', 'f', '0', 'no') then false"
        ~ " end") }}
{%- endmacro -%}
