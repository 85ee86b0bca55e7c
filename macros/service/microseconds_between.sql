{#- Microseconds from one timestamp to another, exactly. earlier, later: SQL of timestamps; returns SQL of a bigint. -#}
{%- macro microseconds_between(earlier, later) -%}
    {{ return('cast(' ~ dbt.datediff(earlier, later, 'microsecond') ~ ' as bigint)') }}
{%- endmacro -%}
