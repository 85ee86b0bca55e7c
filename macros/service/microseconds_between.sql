{#- Microseconds from one timestamp to another, exactly. earlier, later: SQL of timestamps; returns SQL of a bigint. -#}
{%- macro microseconds_between(earlier, later) -%}
    {{ return(adapter.dispatch('microseconds_between', 'clientele')(earlier, later)) }}
{%- endmacro -%}

{%- macro default__microseconds_between(earlier, later) -%}
    {{ return('cast(' ~ dbt.datediff(earlier, later, 'microsecond') ~ ' as bigint)') }}
{%- endmacro -%}
