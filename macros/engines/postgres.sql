{#- PostgreSQL's words for the macros that are dispatched. What each gives, and from what, stands where the macro is. -#}

{#- `/` on numeric rounds to some 16 digits; div() on whole numbers is exact, of any length. -#}
{%- macro postgres__divide(numerator, denominator, digits) -%}
    {%- set n = clientele.cents(numerator) -%}
    {%- set d = clientele.cents(denominator) -%}
    {%- set quotient = clientele.whole_quotient('2 * abs(' ~ n ~ ') * 1' ~ '0' * digits ~ ' + abs(' ~ d ~ ')', '2 * abs(nullif(' ~ d ~ ', 0))') -%}
    {{ return('cast(case when ' ~ quotient ~ ' < 1000000000000000000 then sign(' ~ n ~ ') * sign(' ~ d ~ ') * ' ~ quotient ~ ' * 0.' ~ '0' * (digits - 1) ~ '1 end as decimal(18, ' ~ digits ~ '))') }}
{%- endmacro -%}

{%- macro postgres__whole_number(expression) -%}
    {{ return('cast(' ~ expression ~ ' as decimal(38, 0))') }}
{%- endmacro -%}

{%- macro postgres__whole_quotient(numerator, denominator) -%}
    {{ return('div(' ~ numerator ~ ', ' ~ denominator ~ ')') }}
{%- endmacro -%}

{#- Of a date date_trunc makes a timestamp in the session's time zone, so it is given one without. -#}
{%- macro postgres__period_start(grain, date) -%}
    {{ return("cast(date_trunc('" ~ grain ~ "', cast(" ~ date ~ ' as timestamp)) as date)') }}
{%- endmacro -%}

{%- macro postgres__date_series(first_day, last_day, relation) -%}
    {{ return('select cast(generate_series(cast(' ~ first_day ~ ' as timestamp), cast(' ~ last_day ~ " as timestamp), interval '1 day') as date) as date_day from " ~ relation) }}
{%- endmacro -%}

{#- An epoch is numeric here, so nothing is lost. -#}
{%- macro postgres__microseconds_between(earlier, later) -%}
    {{ return('cast(extract(epoch from ' ~ later ~ ' - ' ~ earlier ~ ') * 1000000 as bigint)') }}
{%- endmacro -%}

{#- Raw values: a column of any type is read through its text. There is no cast that gives NULL where it fails, so a text is
    matched against a pattern that leaves nothing a cast could fail at. -#}
{%- macro postgres__trimmed_text(name) -%}
    {{ return('nullif(btrim(cast(' ~ name ~ ' as text), chr(32) || chr(9) || chr(10) || chr(11) || chr(12) || chr(13)), ' ~ "'')") }}
{%- endmacro -%}

{%- macro postgres__is_given(name) -%}
    {{ return(name ~ '_text is not null') }}
{%- endmacro -%}

{#- Whether a raw column is stored as one of some types. types: list of names of types; returns SQL of a condition. -#}
{%- macro postgres__is_stored_as(name, types) -%}
    {%- set literals = [] -%}
    {%- for type in types -%}
        {%- do literals.append("cast('" ~ type ~ "' as regtype)") -%}
    {%- endfor -%}
    {{ return('pg_typeof(' ~ name ~ ') in (' ~ literals | join(', ') ~ ')') }}
{%- endmacro -%}

{%- macro postgres__read_raw_decimal(name) -%}
    {%- set number = 'cast(' ~ name ~ '_text as numeric)' -%}
    {{ return("case"
        ~ " when " ~ clientele.postgres__is_stored_as(name, ['numeric', 'bigint', 'integer', 'smallint'])
        ~ " then case when abs(round(" ~ number ~ ", 2)) < 10000000000000000 then cast(" ~ number ~ " as decimal(18, 2)) end"
        ~ " when " ~ clientele.postgres__is_stored_as(name, ['double precision', 'real']) ~ " and " ~ name ~ "_text like '%e-%' then cast(0 as decimal(18, 2))"
        ~ " when " ~ name ~ "_text ~ '^[+-]?[0-9]{1,15}([.][0-9]+)?$' then cast(" ~ number ~ " as decimal(18, 2))"
        ~ " end") }}
{%- endmacro -%}

{%- macro postgres__read_raw_integer(name) -%}
    {{ return("case"
        ~ " when " ~ clientele.postgres__is_stored_as(name, ['bigint', 'integer', 'smallint'])
        ~ " then case when cast(" ~ name ~ "_text as bigint) between -2147483648 and 2147483647 then cast(" ~ name ~ "_text as integer) end"
        ~ " when " ~ name ~ "_text ~ '^[+-]?[0-9]{1,9}$' then cast(" ~ name ~ "_text as integer)"
        ~ " end") }}
{%- endmacro -%}

{#- Regular expression of a date that exists, the years 0001 to 9999. -#}
{%- macro postgres__date_pattern() -%}
    {%- set leap_year = '(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)' -%}
    {{ return('(?!0000)(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|'
        ~ leap_year ~ '-02-29)') }}
{%- endmacro -%}

{%- macro postgres__read_raw_date(name) -%}
    {{ return(clientele.postgres__within_calendar("case"
        ~ " when " ~ clientele.postgres__is_stored_as_time(name) ~ " then cast(" ~ clientele.postgres__read_stored_timestamp(name) ~ " as date)"
        ~ " when " ~ name ~ "_text ~ '^" ~ clientele.postgres__date_pattern() ~ "$' then cast(" ~ name ~ "_text as date)"
        ~ " end", 'date')) }}
{%- endmacro -%}

{%- macro postgres__read_raw_timestamp(name) -%}
    {%- set time = '[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?:[:][0-5][0-9](?:[.][0-9]+)?)?' -%}
    {%- set offset = '[+-](?:[01][0-9]|2[0-3]):[0-5][0-9]' -%}
    {%- set local_time = "cast(replace(substring(" ~ name ~ "_text from '^([0-9-]{10}(?:[ T][0-9:]+(?:[.][0-9]{1,6})?)?)'), 'T', ' ') as timestamp)" -%}
    {%- set offset_minutes = "cast(left(right(" ~ name ~ "_text, 6), 1) || '1' as integer) * (60 * cast(left(right(" ~ name ~ "_text, 5), 2) as integer) + cast(right(" ~ name ~ "_text, 2) as integer))" -%}
    {%- set timestamp = "case"
        ~ " when " ~ clientele.postgres__is_stored_as_time(name) ~ " then " ~ clientele.postgres__read_stored_timestamp(name)
        ~ " when not " ~ name ~ "_text ~ '^" ~ clientele.postgres__date_pattern() ~ "(?:" ~ time ~ ")?(?:Z|" ~ offset ~ ")?$' then null"
        ~ " when " ~ name ~ "_text ~ '" ~ offset ~ "$' then " ~ local_time ~ " - make_interval(mins => " ~ offset_minutes ~ ")"
        ~ " else " ~ local_time
        ~ " end" -%}
    {{ return(clientele.postgres__within_calendar(timestamp, 'timestamp')) }}
{%- endmacro -%}

{%- macro postgres__is_stored_as_time(name) -%}
    {{ return(clientele.postgres__is_stored_as(name, ['date', 'timestamp', 'timestamp with time zone'])) }}
{%- endmacro -%}

{#- A column stored as dates or timestamps as timestamps in UTC. -#}
{%- macro postgres__read_stored_timestamp(name) -%}
    {{ return("case"
        ~ " when " ~ clientele.postgres__is_stored_as(name, ['timestamp with time zone']) ~ " then timezone('UTC', cast(" ~ name ~ "_text as timestamptz))"
        ~ " else cast(" ~ name ~ "_text as timestamp)"
        ~ " end") }}
{%- endmacro -%}

{#- As macro within_calendar; the year before 1 is called 1 BC here, and infinity lies beyond the year 9999. -#}
{%- macro postgres__within_calendar(value, type) -%}
    {%- set before = "cast('0001-12-31 23:59:59.999999 BC' as timestamp)" if type == 'timestamp' else "cast('0001-12-31 BC' as date)" -%}
    {%- set after = "cast('10000-01-01' as " ~ type ~ ")" -%}
    {{ return('nullif(nullif(least(greatest(' ~ value ~ ', ' ~ before ~ '), ' ~ after ~ '), ' ~ before ~ '), ' ~ after ~ ')') }}
{%- endmacro -%}

{%- macro postgres__read_raw_boolean(name) -%}
    {{ return("case"
        ~ " when lower(" ~ name ~ "_text) in ('true', 't', '1', 'yes') then true"
        ~ " when lower(" ~ name ~ "_text) in ('false', 'f', '0', 'no') then false"
        ~ " end") }}
{%- endmacro -%}

{#- Written by hand, since json_build_object puts spaces in and jsonb another order. -#}
{%- macro postgres__raw_record_json(contract) -%}
    {%- set pairs = [] -%}
    {%- for column in contract.columns -%}
        {%- do pairs.append("'" ~ '"' ~ column.name ~ '":' ~ "' || coalesce(cast(to_json(" ~ column.name ~ "_text) as text), 'null')") -%}
    {%- endfor -%}
    {{ return("'{' || " ~ pairs | join(" || ',' || ") ~ " || '}'") }}
{%- endmacro -%}

{%- macro postgres__row_hash(names) -%}
    {{ return('cast(hashtextextended(cast(row(' ~ names | join(', ') ~ ') as text), 0) as decimal(38, 0))') }}
{%- endmacro -%}

{%- macro postgres__stored_type(name) -%}
    {{ return('pg_typeof(' ~ name ~ ')') }}
{%- endmacro -%}

{#- The salt comes in as a setting of the session, handed over beside the statement, so that it stands in no statement and no log. -#}
{%- macro postgres__given_erasure_salt() -%}
    {%- do adapter.add_query("select set_config('clientele.erasure_salt', %s, false)", bindings=[env_var('CRM_ERASURE_SALT', '')], abridge_sql_log=true) -%}
    {{ return("nullif(current_setting('clientele.erasure_salt', true), '')") }}
{%- endmacro -%}

{#- What a hook has done is rolled back with its connection, unless it is committed. -#}
{%- macro postgres__keep_what_hook_did() -%}
    {%- do run_query('commit') -%}
{%- endmacro -%}

{%- macro postgres__keep_completed_tables() -%}
    {%- do run_query('commit') -%}
{%- endmacro -%}

{#- The same mark as in scripts/load_raw.py. -#}
{%- macro postgres__mark_raw_table(relation) -%}
    {%- do run_query('comment on table ' ~ relation ~ ' is ' ~ clientele.sql_text('Made by clientele from raw files; loaded anew by scripts/load_raw.py.')) -%}
{%- endmacro -%}

{%- macro postgres__how_to_load_raw() -%}
    {{ return('load the raw files first with `python scripts/load_raw.py --target postgres`') }}
{%- endmacro -%}

{#- Contracts name types as most engines do. -#}
{%- macro postgres__columns_of_contract(columns) -%}
    {%- set translated = {} -%}
    {%- for name, column in columns.items() -%}
        {%- set copy = dict(column) -%}
        {%- do copy.update({'data_type': clientele.type_double() if column['data_type'] == 'double' else column['data_type']}) -%}
        {%- do translated.update({name: copy}) -%}
    {%- endfor -%}
    {{ return(translated) }}
{%- endmacro -%}

{%- macro postgres__get_empty_schema_sql(columns) -%}
    {{ return(default__get_empty_schema_sql(clientele.postgres__columns_of_contract(columns))) }}
{%- endmacro -%}

{%- macro postgres__get_table_columns_and_constraints() -%}
    ({{ adapter.render_raw_columns_constraints(raw_columns=clientele.postgres__columns_of_contract(model['columns'])) | join(', ') }})
{%- endmacro -%}

{#- A numeric shows as many zeros as what it came from had: unit tests compare values, not how many zeros they end with. -#}
{%- macro postgres__get_unit_test_sql(main_sql, expected_fixture_sql, expected_column_names) -%}
    {%- set columns = [] -%}
    {%- set numeric_columns = [] -%}
    {%- for column in get_column_schema_from_query(main_sql) if column.dtype | upper in ['DECIMAL', 'NUMERIC'] -%}
        {%- do numeric_columns.append(adapter.quote(column.name)) -%}
    {%- endfor -%}
    {%- for name in expected_column_names -%}
        {%- do columns.append('trim_scale(' ~ name ~ ') as ' ~ name if name in numeric_columns else name) -%}
    {%- endfor -%}
    with dbt_internal_unit_test_actual as (
        select {{ columns | join(', ') }}, 'actual' as {{ adapter.quote('actual_or_expected') }}
        from ({{ main_sql }}) as actual_rows
    ), dbt_internal_unit_test_expected as (
        select {{ columns | join(', ') }}, 'expected' as {{ adapter.quote('actual_or_expected') }}
        from ({{ expected_fixture_sql }}) as expected_rows
    )
    select * from dbt_internal_unit_test_actual
    union all
    select * from dbt_internal_unit_test_expected
{%- endmacro -%}

{%- macro postgres__list_schemas(database) -%}
    {%- do clientele.reach_server('PostgreSQL', 'the user ' ~ target.user ~ ' with the database ' ~ target.dbname, 'PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE') -%}
    {{ return(dbt.postgres__list_schemas(database)) }}
{%- endmacro -%}

{#- The same rows have to win whatever the database: texts are put in order byte by byte, and lower() knows all letters. -#}
{%- macro postgres__check_engine() -%}
    {%- set is_new_enough, is_utf8, is_by_bytes, lowers_all = run_query("select cast(current_setting('server_version_num') as integer) >= 150000,"
        ~ " current_setting('server_encoding') = 'UTF8', 'B' < 'a' and '-b' < 'a', lower(chr(196)) = chr(228)")[0].values() -%}
    {%- if not is_new_enough -%}
        {%- do exceptions.raise_compiler_error('PostgreSQL 15 or newer is needed; this server is older. Let PGHOST and PGPORT name another one.') -%}
    {%- elif not (is_utf8 and is_by_bytes and lowers_all) -%}
        {%- do exceptions.raise_compiler_error('The database ' ~ target.dbname ~ ' puts text in another order than byte by byte, or is not UTF-8, so it would not give the same marts. Make one that does with: '
            ~ "create database clientele template template0 encoding 'UTF8' locale_provider libc lc_collate 'C' lc_ctype 'C.UTF-8'; and let PGDATABASE name it.") -%}
    {%- endif -%}
{%- endmacro -%}

{#- Sessions of the project bear one name (profiles.yml). A build has one nearly always, but for moments between two models: three
    seconds without any, and it is dead. -#}
{%- macro postgres__begin_build() -%}
    {%- set lock = clientele.postgres__build_lock() -%}
    {%- do run_query('create schema if not exists ' ~ env_var('CRM_SCHEMA_PREFIX', '') ~ 'staging') -%}
    {%- do run_query('create table if not exists ' ~ lock ~ ' (run_id text not null, begun_at timestamptz not null)') -%}
    {#- of two that begin at once the second waits until the first is noted -#}
    {%- do run_query("select pg_advisory_xact_lock(hashtext('clientele.build'))") -%}
    {%- set others = run_query('select begun_at from ' ~ lock).rows -%}
    {%- for attempt in range(30 if others | length > 0 else 0) -%}
        {%- do run_query('select pg_stat_clear_snapshot()') -%}
        {%- if run_query("select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
            ~ " and application_name = current_setting('application_name')")[0][0] > 0 -%}
            {%- do exceptions.raise_compiler_error('Another build of the database ' ~ target.dbname ~ ' is at work, since ' ~ others[0][0].strftime('%Y-%m-%d %H:%M:%S %Z')
                ~ ': wait until it has ended, then run dbt again. If none is, a session named ' ~ run_query("select current_setting('application_name')")[0][0] ~ ' is left in pg_stat_activity: end it.') -%}
        {%- endif -%}
        {%- do run_query('select pg_sleep(0.1)') -%}
    {%- endfor -%}
    {%- do run_query('delete from ' ~ lock) -%}
    {%- do run_query('insert into ' ~ lock ~ " values ('" ~ invocation_id ~ "', clock_timestamp())") -%}
    {%- do clientele.postgres__keep_what_hook_did() -%}
{%- endmacro -%}

{#- A statement whose build was killed would go on to its end: the server looks whether anybody waits for it, where it can. -#}
{%- macro postgres__hold_build() -%}
    do $$
    begin
        begin
            perform set_config('client_connection_check_interval', '1s', false);
        exception when invalid_parameter_value then null;
        end;
        perform 1 from {{ clientele.postgres__build_lock() }} where run_id = '{{ invocation_id }}' for share;
        if not found then
            raise exception 'Another build of this database has begun meanwhile, so this one ends here: wait until the other has ended, then run dbt again.';
        end if;
    end $$
{%- endmacro -%}

{%- macro postgres__end_build() -%}
    {%- do run_query('delete from ' ~ clientele.postgres__build_lock() ~ " where run_id = '" ~ invocation_id ~ "'") -%}
    {%- do clientele.postgres__keep_what_hook_did() -%}
{%- endmacro -%}

{#- The table that says which build is at work. -#}
{%- macro postgres__build_lock() -%}
    {{ return(env_var('CRM_SCHEMA_PREFIX', '') ~ 'staging.build_lock') }}
{%- endmacro -%}

{#- Roles. A build whose user may not make roles goes on with those that are there, and says which are not. -#}
{%- macro postgres__keep_roles() -%}
    {%- set prefix = env_var('CRM_SCHEMA_PREFIX', '') -%}
    {%- set names = clientele.roles().keys() | list -%}
    {#- two builds that give rights on one schema at once would fail; until the commit the second waits -#}
    {%- do run_query("select pg_advisory_xact_lock(hashtext('clientele.keep_roles'))") -%}
    {%- set there = run_query("select rolname from pg_roles where rolname in ('" ~ names | join("', '") ~ "')").columns[0].values() | list -%}
    {%- set may_make = run_query('select rolcreaterole or rolsuper from pg_roles where rolname = current_user')[0][0] -%}
    {%- set absent = names | reject('in', there) | list -%}
    {%- if absent and not may_make -%}
        {%- do exceptions.warn('The role ' ~ absent | join(', ') ~ ' is not there and the user who builds may not make it, so nobody reads the marts as that: an administrator has to run `create role ' ~ absent | join('; create role ') ~ '`.') -%}
    {%- elif absent -%}
        {#- roles belong to the server: a build of another of its databases may be making them at this moment -#}
        {%- for role in absent -%}
            {%- do run_query('do $$ begin create role ' ~ role ~ ' nologin; exception when duplicate_object or unique_violation then null; end $$') -%}
        {%- endfor -%}
        {%- set there = names -%}
    {%- endif -%}
    {%- for name in ['raw', 'staging', 'intermediate', 'seeds', 'marts', 'pii'] -%}
        {%- set schema = adapter.quote(prefix ~ name) -%}
        {%- do run_query('create schema if not exists ' ~ schema) -%}
        {%- do run_query('revoke all on schema ' ~ schema ~ ' from ' ~ (['public'] + there) | join(', ')) -%}
        {%- for role, rights in clientele.roles().items() if role in there -%}
            {%- if name in rights.reads + rights.floor + rights.writes -%}
                {%- do run_query('grant usage on schema ' ~ schema ~ ' to ' ~ role) -%}
            {%- endif -%}
            {%- if name in rights.writes -%}
                {%- do run_query('grant select, insert, update, delete, truncate on all tables in schema ' ~ schema ~ ' to ' ~ role) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do clientele.postgres__keep_what_hook_did() -%}
{%- endmacro -%}

{#- The planner knows nothing of a new table until statistics are taken, and autovacuum comes too late. -#}
{%- macro postgres__hand_over() -%}
    {%- set schema = this.schema[env_var('CRM_SCHEMA_PREFIX', '') | length:] -%}
    {%- set roles = clientele.roles().keys() | list -%}
    {%- set readers = clientele.readers_of(schema, model.tags) -%}
    do $$
    declare
        known text;
    begin
        revoke all on {{ this }} from public;
        for known in select rolname from pg_roles where rolname in ('{{ roles | join("', '") }}') loop
            execute format('revoke all on {{ this }} from %I', known);
            if known in ('{{ readers | join("', '") }}') then
                execute format('grant select on {{ this }} to %I', known);
            end if;
        end loop;
    end $$;
    {%- if model.config.materialized != 'view' %}
    analyze {{ this }};
    {%- endif -%}
{%- endmacro -%}
