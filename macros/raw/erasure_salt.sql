{#-
    Keeps the salt of erased customers' keys: staging.erasure_salt, one row. It is made once, at random, and no build
    replaces it, since that would give every erased customer another key. Where CRM_ERASURE_SALT is set, that is the salt
    (databases that are compared need the same one). Runs on-run-start.
    returns  nothing
-#}
{%- macro keep_erasure_salt() -%}
    {%- if execute and clientele.uses_database() -%}
        {%- set schema = env_var('CRM_SCHEMA_PREFIX', '') ~ 'staging' -%}
        {%- set salt = schema ~ '.erasure_salt' -%}
        {%- set given = adapter.dispatch('given_erasure_salt', 'clientele')() -%}
        {%- do run_query('create schema if not exists ' ~ schema) -%}
        {%- do run_query('create table if not exists ' ~ salt ~ ' (salt ' ~ dbt.type_string() ~ ')') -%}
        {%- do run_query('insert into ' ~ salt ~ ' select coalesce(' ~ given ~ ', ' ~ adapter.dispatch('random_text', 'clientele')() ~ ') where not exists (select 1 from ' ~ salt ~ ')') -%}
        {#- hashes, because an engine that logs the filters of a query would log the salt -#}
        {%- set count_of_others = run_query('select count(*) from ' ~ salt ~ ' where ' ~ dbt.hash('salt') ~ ' <> ' ~ dbt.hash(given))[0][0] -%}
        {%- if count_of_others > 0 -%}
            {%- do adapter.dispatch('replace_erasure_salt', 'clientele')(salt, given) -%}
            {%- do exceptions.warn('CRM_ERASURE_SALT is another salt than the one kept in ' ~ salt ~ ' and has replaced it: erased customers get new keys.') -%}
        {%- endif -%}
        {%- do adapter.dispatch('keep_what_hook_did', 'clientele')() -%}
    {%- endif -%}
{%- endmacro -%}

{#- Puts another salt in the place of the one that is kept. relation: its table; salt: SQL of a text. -#}
{%- macro default__replace_erasure_salt(relation, salt) -%}
    {%- do run_query('update ' ~ relation ~ ' set salt = ' ~ salt) -%}
{%- endmacro -%}

{#- Commits what a hook has done, where dbt would roll it back. -#}
{%- macro default__keep_what_hook_did() -%}
{%- endmacro -%}

{#- SQL of the salt that CRM_ERASURE_SALT gives; NULL where it is not set. -#}
{%- macro default__given_erasure_salt() -%}
    {{ return("nullif(" ~ clientele.sql_text(env_var('CRM_ERASURE_SALT', '')) ~ ", '')") }}
{%- endmacro -%}

{#- DuckDB: profiles.yml hands it over as a variable of the session. -#}
{%- macro duckdb__given_erasure_salt() -%}
    {{ return("nullif(getvariable('crm_erasure_salt'), '')") }}
{%- endmacro -%}

{#- SQL of 64 random hexadecimal digits, another text in every call. -#}
{%- macro default__random_text() -%}
    {{ return("replace(cast(gen_random_uuid() as varchar) || cast(gen_random_uuid() as varchar), '-', '')") }}
{%- endmacro -%}
