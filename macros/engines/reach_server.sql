{#-
    Stops a run with one sentence where a server cannot be reached, since its driver says nothing of what to do. dbt lists
    schemas before anything else, so it is called by the macros that do.
    name     text, what cannot be reached
    who      text, whom it may not let in
    settings text, names of the settings that lead to it
    errors   the sentence; the driver's own words stand in dbt's log
-#}
{%- macro reach_server(name, who, settings) -%}
    {%- set sentence = name ~ ' at ' ~ target.host ~ ', port ' ~ target.port ~ ', cannot be reached, or does not let ' ~ who ~ ' in: check that it runs and that ' ~ settings ~ ' are right, then run dbt again. What it answered stands in ' ~ flags.LOG_PATH ~ '/dbt.log.' -%}
    {%- do try_or_compiler_error(sentence, run_query, 'select 1') -%}
{%- endmacro -%}
