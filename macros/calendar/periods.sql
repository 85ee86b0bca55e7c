{#- The five grains of the period marts, finest first. -#}
{%- macro period_grains() -%}
    {{ return(['day', 'week', 'month', 'quarter', 'year']) }}
{%- endmacro -%}

{#- First day of the period that a date lies in; weeks start on Monday. grain: text; date: SQL; returns SQL of a date. -#}
{%- macro period_start(grain, date) -%}
    {{ return(date if grain == 'day' else adapter.dispatch('period_start', 'clientele')(grain, date)) }}
{%- endmacro -%}

{%- macro default__period_start(grain, date) -%}
    {{ return('cast(' ~ dbt.date_trunc(grain, date) ~ ' as date)') }}
{%- endmacro -%}

{#- A date moved by a number of days, months, quarters or years. date: SQL; returns SQL of a date. -#}
{%- macro date_plus(date, number, unit) -%}
    {#- not every engine knows quarters -#}
    {%- set number = '3 * (' ~ number ~ ')' if unit == 'quarter' else number -%}
    {{ return('cast(' ~ dbt.dateadd('month' if unit == 'quarter' else unit, '(' ~ number ~ ')', date) ~ ' as date)') }}
{%- endmacro -%}

{#- Whole days from one date to another. earlier, later: SQL of dates; returns SQL of an integer. -#}
{%- macro days_between(earlier, later) -%}
    {{ return('cast(' ~ dbt.datediff(earlier, later, 'day') ~ ' as integer)') }}
{%- endmacro -%}

{#-
    Whether a date lies on or before D.
    date     SQL of a date
    returns  SQL text of a condition
-#}
{%- macro is_up_to_as_of(date) -%}
    {{ return(adapter.dispatch('is_up_to', 'clientele')(date, '(select as_of.as_of_date from ' ~ ref('int_as_of') ~ ' as as_of)')) }}
{%- endmacro -%}

{#- SQL of whether a date lies on or before a day. date: SQL; day: SQL of a query for one day -#}
{%- macro default__is_up_to(date, day) -%}
    {{ return(date ~ ' <= ' ~ day) }}
{%- endmacro -%}

{#- A difference, because DuckDB plans a comparison with a query as a join of which it expects a few hundred rows, and then
    puts all transactions into the memory of the joins behind it. -#}
{%- macro duckdb__is_up_to(date, day) -%}
    {{ return(clientele.days_between(day, date) ~ ' <= 0') }}
{%- endmacro -%}

{#-
    Every day from one to another, both included, as a query with the column date_day; no row where either is NULL.
    first_day, last_day  SQL of dates
    relation             relation whose one row they are read from
-#}
{%- macro date_series(first_day, last_day, relation) -%}
    {{ return(adapter.dispatch('date_series', 'clientele')(first_day, last_day, relation)) }}
{%- endmacro -%}

{%- macro duckdb__date_series(first_day, last_day, relation) -%}
    {{ return('select cast(unnest(generate_series(' ~ first_day ~ ', ' ~ last_day ~ ", interval '1 day')) as date) as date_day from " ~ relation) }}
{%- endmacro -%}

{#- A UTC timestamp as the clock shows it in the time zone of variable reporting_timezone. timestamp: SQL; returns SQL of a timestamp. -#}
{%- macro reporting_time(timestamp) -%}
    {%- if var('reporting_timezone') in ['UTC', 'Etc/UTC'] -%}
        {{ return(timestamp) }}
    {%- endif -%}
    {{ return(adapter.dispatch('local_time', 'clientele')(timestamp, var('reporting_timezone'))) }}
{%- endmacro -%}

{#- The day of a UTC timestamp in the time zone of variable reporting_timezone. timestamp: SQL; returns SQL of a date. -#}
{%- macro reporting_date(timestamp) -%}
    {{ return('cast(' ~ clientele.reporting_time(timestamp) ~ ' as date)') }}
{%- endmacro -%}

{#- DuckDB and PostgreSQL: the first timezone() says that the timestamp is UTC, the second reads the clock elsewhere. -#}
{%- macro default__local_time(timestamp, time_zone) -%}
    {{ return("timezone('" ~ time_zone ~ "', timezone('UTC', " ~ timestamp ~ '))') }}
{%- endmacro -%}

{#- Months counted through, so that neighbours differ by 1: 12 * year + month. date: SQL; returns SQL of an integer. -#}
{%- macro month_index(date) -%}
    {{ return('cast(12 * extract(year from ' ~ date ~ ') + extract(month from ' ~ date ~ ') as integer)') }}
{%- endmacro -%}
