{#- Spark's words for the macros that are dispatched. What each gives, and from what, stands where the macro is. -#}

{#- `/` on decimals rounds and `div` gives a bigint of any value: what would not fit is kept out by a rough look first. -#}
{%- macro spark__divide(numerator, denominator, digits) -%}
    {%- set n = clientele.cents(numerator) -%}
    {%- set d = clientele.cents(denominator) -%}
    {%- set quotient = '(2 * abs(' ~ n ~ ') * 1' ~ '0' * digits ~ ' + abs(' ~ d ~ ')) div (2 * abs(' ~ d ~ '))' -%}
    {%- set last_digit = 'cast(0.' ~ '0' * (digits - 1) ~ '1 as decimal(' ~ digits ~ ', ' ~ digits ~ '))' -%}
    {%- set roughly = 'abs(cast({0} as ' ~ clientele.type_double() ~ '))' -%}
    {{ return('case when ' ~ roughly.format(n) ~ ' * 1e' ~ digits ~ ' < ' ~ roughly.format(d) ~ ' * 5e18'
        ~ ' then try_cast(case when (' ~ n ~ ' < 0) = (' ~ d ~ ' < 0) then 1 else -1 end * (' ~ quotient ~ ') * ' ~ last_digit ~ ' as decimal(18, ' ~ digits ~ ')) end') }}
{%- endmacro -%}

{%- macro spark__whole_number(expression) -%}
    {{ return('cast(' ~ expression ~ ' as decimal(38, 0))') }}
{%- endmacro -%}

{#- Without its rest the numerator divides without one, so nothing is rounded. -#}
{%- macro spark__whole_quotient(numerator, denominator) -%}
    {{ return('cast(((' ~ numerator ~ ') - (' ~ numerator ~ ') % (' ~ denominator ~ ')) / (' ~ denominator ~ ') as decimal(38, 0))') }}
{%- endmacro -%}

{%- macro spark__date_series(first_day, last_day, relation) -%}
    {{ return('select explode(sequence(' ~ first_day ~ ', ' ~ last_day ~ ', interval 1 day)) as date_day from ' ~ relation) }}
{%- endmacro -%}

{%- macro spark__local_time(timestamp, time_zone) -%}
    {{ return('from_utc_timestamp(' ~ timestamp ~ ", '" ~ time_zone ~ "')") }}
{%- endmacro -%}

{%- macro spark__microseconds_between(earlier, later) -%}
    {{ return('(unix_micros(' ~ later ~ ') - unix_micros(' ~ earlier ~ '))') }}
{%- endmacro -%}

{#- dbt's own loses the fraction of a second. -#}
{%- macro spark__dateadd(datepart, interval, from_date_or_timestamp) -%}
    timestampadd({{ datepart }}, {{ interval }}, {{ from_date_or_timestamp }})
{%- endmacro -%}

{#- dbt's own looks at every value twice. -#}
{%- macro spark__assert_not_null(function, arg) -%}
    {{ function }}({{ arg }})
{%- endmacro -%}

{%- macro spark__digits_of(text) -%}
    {{ return("regexp_replace(" ~ text ~ ", '[^0-9]', '')") }}
{%- endmacro -%}

{#- A backslash in a literal stands for itself only if it is doubled. -#}
{%- macro spark__sql_text(value) -%}
    {{ return("'" ~ value | string | replace('\\', '\\\\') | replace("'", "\\'") ~ "'") }}
{%- endmacro -%}

{#- Every timestamp of Spark's is one. -#}
{%- macro spark__type_zoned_timestamp() -%}
    {{ return('timestamp') }}
{%- endmacro -%}

{#- Raw values: a column of any type is read through its text, since a cast between types that do not go together is an error
    even where it is never made. -#}
{%- macro spark__trimmed_text(name) -%}
    {{ return('nullif(btrim(cast(' ~ name ~ ' as string), chr(32) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)), ' ~ "'')") }}
{%- endmacro -%}

{%- macro spark__is_given(name) -%}
    {{ return(name ~ '_text is not null') }}
{%- endmacro -%}

{%- macro spark__read_raw_decimal(name) -%}
    {{ return("case"
        ~ " when typeof(" ~ name ~ ") like 'decimal%' or typeof(" ~ name ~ ") in ('tinyint', 'smallint', 'int', 'bigint') then try_cast(" ~ name ~ "_text as decimal(18, 2))"
        ~ " when typeof(" ~ name ~ ") in ('float', 'double') then case when abs(try_cast(" ~ name ~ "_text as " ~ clientele.type_double() ~ ")) < 1e15 then try_cast(" ~ name ~ "_text as decimal(18, 2)) end"
        ~ " when " ~ name ~ "_text rlike '^[+-]?[0-9]{1,15}([.][0-9]+)?$' then try_cast(" ~ name ~ "_text as decimal(18, 2))"
        ~ " end") }}
{%- endmacro -%}

{%- macro spark__read_raw_integer(name) -%}
    {{ return("case"
        ~ " when typeof(" ~ name ~ ") in ('tinyint', 'smallint', 'int', 'bigint') or " ~ name ~ "_text rlike '^[+-]?[0-9]{1,9}$' then try_cast(" ~ name ~ "_text as int)"
        ~ " end") }}
{%- endmacro -%}

{#- Whether a raw column is stored as dates or timestamps. -#}
{%- macro spark__is_stored_as_time(name) -%}
    {{ return("typeof(" ~ name ~ ") in ('date', 'timestamp', 'timestamp_ntz')") }}
{%- endmacro -%}

{%- macro spark__read_raw_date(name) -%}
    {{ return(clientele.spark__within_calendar("case"
        ~ " when " ~ clientele.spark__is_stored_as_time(name) ~ " or " ~ name ~ "_text rlike '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' then try_cast(" ~ name ~ "_text as date)"
        ~ " end", 'date')) }}
{%- endmacro -%}

{%- macro spark__read_raw_timestamp(name) -%}
    {%- set day = '[0-9]{4}-[0-9]{2}-[0-9]{2}' -%}
    {%- set time = '[ T]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?' -%}
    {%- set offset = '[+-]([01][0-9]|2[0-3]):[0-5][0-9]' -%}
    {%- set local_time = "try_cast(regexp_extract(" ~ name ~ "_text, '^" ~ day ~ "([ T][0-9:]+([.][0-9]{1,6})?)?', 0) as timestamp)" -%}
    {%- set offset_minutes = "cast(left(right(" ~ name ~ "_text, 6), 1) || '1' as int) * (60 * cast(left(right(" ~ name ~ "_text, 5), 2) as int) + cast(right(" ~ name ~ "_text, 2) as int))" -%}
    {{ return(clientele.spark__within_calendar("case"
        ~ " when " ~ clientele.spark__is_stored_as_time(name) ~ " then try_cast(" ~ name ~ "_text as timestamp)"
        ~ " when not " ~ name ~ "_text rlike '^" ~ day ~ "(" ~ time ~ ")?(Z|" ~ offset ~ ")?$' then null"
        ~ " when " ~ name ~ "_text rlike '" ~ offset ~ "$' then timestampadd(minute, -(" ~ offset_minutes ~ "), " ~ local_time ~ ")"
        ~ " else " ~ local_time
        ~ " end", 'timestamp')) }}
{%- endmacro -%}

{#- As macro within_calendar; a year of five digits wants a sign. -#}
{%- macro spark__within_calendar(value, type) -%}
    {%- set before = "cast('0000-12-31" ~ (' 23:59:59.999999' if type == 'timestamp' else '') ~ "' as " ~ type ~ ')' -%}
    {%- set after = "cast('+10000-01-01' as " ~ type ~ ')' -%}
    {{ return('nullif(nullif(least(greatest(' ~ value ~ ', ' ~ before ~ '), ' ~ after ~ '), ' ~ before ~ '), ' ~ after ~ ')') }}
{%- endmacro -%}

{%- macro spark__read_raw_boolean(name) -%}
    {{ return("case"
        ~ " when lower(" ~ name ~ "_text) in ('true', 't', '1', 'yes') then true"
        ~ " when lower(" ~ name ~ "_text) in ('false', 'f', '0', 'no') then false"
        ~ " end") }}
{%- endmacro -%}

{%- macro spark__raw_record_json(contract) -%}
    {%- set pairs = [] -%}
    {%- for column in contract.columns -%}
        {%- do pairs.append("'" ~ column.name ~ "', " ~ column.name ~ '_text') -%}
    {%- endfor -%}
    {{ return('to_json(named_struct(' ~ pairs | join(', ') ~ "), map('ignoreNullFields', 'false'))") }}
{%- endmacro -%}

{#- profiles.yml hands the salt over as a setting of the session, which the server puts in the place of this name, so that it
    stands in no statement of dbt and no log. -#}
{%- macro spark__given_erasure_salt() -%}
    {%- if modules.re.search("['\\\\$]", env_var('CRM_ERASURE_SALT', '')) -%}
        {%- do exceptions.raise_compiler_error('CRM_ERASURE_SALT holds a quotation mark, a backslash or a dollar sign, which cannot be handed over to Spark: choose a salt of letters and digits.') -%}
    {%- endif -%}
    {{ return("nullif('${clientele.erasure_salt}', '')") }}
{%- endmacro -%}

{%- macro spark__random_text() -%}
    {{ return("replace(uuid() || uuid(), '-', '')") }}
{%- endmacro -%}

{#- Not every format of tables knows updates. -#}
{%- macro spark__replace_erasure_salt(relation, salt) -%}
    {%- do run_query('insert overwrite ' ~ relation ~ ' select ' ~ salt) -%}
{%- endmacro -%}

{#- The same mark as in scripts/load_raw.py. -#}
{%- macro spark__mark_raw_table(relation) -%}
    {%- do run_query('comment on table ' ~ relation ~ ' is ' ~ clientele.sql_text('Made by clientele from raw files; loaded anew by scripts/load_raw.py.')) -%}
{%- endmacro -%}

{%- macro spark__how_to_load_raw() -%}
    {{ return('load the raw files first with `python scripts/load_raw.py --target spark`') }}
{%- endmacro -%}

{#- Contracts know text, not text of a length. -#}
{%- macro spark__create_csv_table(model, agate_table) -%}
    {%- set types = {} -%}
    {%- for name, type in model['config'].get('column_types', {}).items() -%}
        {%- do types.update({name: 'string' if type.startswith('varchar') else type}) -%}
    {%- endfor -%}
    {{ return(dbt.spark__create_csv_table({'config': {'column_types': types}}, agate_table)) }}
{%- endmacro -%}

{#- dbt's own hands the values over apart from the statement, where every number becomes a double and NULL a text. -#}
{%- macro spark__load_csv_rows(model, agate_table) -%}
    {%- set rows = [] -%}
    {%- for row in agate_table.rows -%}
        {%- set values = [] -%}
        {%- for name in agate_table.column_names -%}
            {%- set type = model['config'].get('column_types', {}).get(name, adapter.convert_type(agate_table, loop.index0)) -%}
            {%- do values.append('cast(' ~ ('null' if row[name] is none else clientele.sql_text(row[name])) ~ ' as ' ~ type ~ ')') -%}
        {%- endfor -%}
        {%- do rows.append('(' ~ values | join(', ') ~ ')') -%}
    {%- endfor -%}
    {%- set sql = 'insert into ' ~ this ~ ' values ' ~ rows | join(', ') -%}
    {%- if rows -%}
        {%- do adapter.add_query(sql, abridge_sql_log=True) -%}
    {%- endif -%}
    {{ return(sql) }}
{%- endmacro -%}

{%- macro spark__list_schemas(database) -%}
    {%- do clientele.reach_server("Spark's Thrift server", 'this user', 'CRM_SPARK_HOST, CRM_SPARK_PORT, CRM_SPARK_USER and CRM_SPARK_AUTH') -%}
    {{ return(dbt.spark__list_schemas(database)) }}
{%- endmacro -%}

{#- Timestamps are read as they are only where the session's clock shows UTC; of a format that is none the snapshot would be left out. -#}
{%- macro spark__check_engine() -%}
    {%- set format = env_var('CRM_SPARK_FILE_FORMAT', '') -%}
    {%- if format not in ['', 'parquet', 'delta', 'iceberg'] -%}
        {%- do exceptions.raise_compiler_error('CRM_SPARK_FILE_FORMAT takes parquet, delta or iceberg; it was given: ' ~ format ~ '. Mend it, then run dbt again.') -%}
    {%- endif -%}
    {%- set version, time_zone = run_query('select version(), current_timezone()')[0].values() -%}
    {%- if version.split('.')[0] | int < 4 -%}
        {%- do exceptions.raise_compiler_error('Spark 4 or newer is needed; this is ' ~ version ~ '. Let CRM_SPARK_HOST and CRM_SPARK_PORT name another one.') -%}
    {%- elif time_zone not in ['UTC', 'Etc/UTC', 'Z'] -%}
        {%- do exceptions.raise_compiler_error('The time zone of the Spark session is ' ~ time_zone ~ ', but the models need UTC: set spark.sql.session.timeZone to UTC on the server.') -%}
    {%- endif -%}
{%- endmacro -%}

{#- Rows of Parquet cannot be replaced, so what is kept elsewhere is built anew. -#}
{%- macro spark__kept_materialization(otherwise) -%}
    {{ return(otherwise) }}
{%- endmacro -%}

{%- macro spark__remember_batches(table) -%}
{%- endmacro -%}

{%- macro spark__remember_changes() -%}
{%- endmacro -%}

{#- A NULL leaves Spark's hash as it was, and NULL before a value would be that value before NULL. -#}
{%- macro spark__row_hash(names) -%}
    {%- set values = [] -%}
    {%- for name in names -%}
        {%- do values.append(name ~ ', ' ~ name ~ ' is null') -%}
    {%- endfor -%}
    {{ return('cast(xxhash64(' ~ values | join(', ') ~ ') as decimal(38, 0))') }}
{%- endmacro -%}
