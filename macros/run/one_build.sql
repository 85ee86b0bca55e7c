{#-
    One build at a time works on a database. DuckDB sees to it by itself, since one process alone may write the file. On a
    server a build notes itself in the table staging.build_lock and takes its name out at the end; a second one ends with a
    sentence. A build that was killed leaves its name there, but no session: the next one takes over, and what may still be
    alive of the first ends at its next model.
-#}

{#- Notes the build, or stops it where another one is at work. Runs on-run-start. -#}
{%- macro begin_build() -%}
    {%- if execute and clientele.is_build() -%}
        {%- do adapter.dispatch('begin_build', 'clientele')() -%}
    {%- endif -%}
{%- endmacro -%}

{%- macro default__begin_build() -%}
{%- endmacro -%}

{#- SQL that stops a model where another build has taken over, and lets none take over before the model is done. A pre-hook. -#}
{%- macro hold_build() -%}
    {%- if execute and clientele.is_build() -%}
        {{ return(adapter.dispatch('hold_build', 'clientele')()) }}
    {%- endif -%}
{%- endmacro -%}

{%- macro default__hold_build() -%}
    {{ return('') }}
{%- endmacro -%}

{#- Takes the note of the build away. Runs on-run-end. -#}
{%- macro end_build() -%}
    {%- if execute and clientele.is_build() -%}
        {%- do adapter.dispatch('end_build', 'clientele')() -%}
    {%- endif -%}
{%- endmacro -%}

{%- macro default__end_build() -%}
{%- endmacro -%}

{#- Whether this run changes tables. -#}
{%- macro is_build() -%}
    {{ return(flags.WHICH in ['build', 'run', 'seed', 'snapshot', 'retry']) }}
{%- endmacro -%}

{#- Whether this run works on a database that has to be ready for it: what only reads the project leaves it as it is. -#}
{%- macro uses_database() -%}
    {{ return(clientele.is_build() or flags.WHICH in ['test', 'clone']) }}
{%- endmacro -%}
