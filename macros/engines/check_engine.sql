{#-
    Stops a run before its first model where the database is not set up as the models need it. Runs on-run-start.
    errors  a sentence that says what is wrong and how to make a database that will do
-#}
{%- macro check_engine() -%}
    {%- if execute and clientele.uses_database() -%}
        {%- do adapter.dispatch('check_engine', 'clientele')() -%}
    {%- endif -%}
{%- endmacro -%}

{%- macro default__check_engine() -%}
{%- endmacro -%}
