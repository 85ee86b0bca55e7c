{#-
    Band of ten years of age on a day, such as 30-39; NULL where the birth date is missing or after that day.
    birth_date, on_date  SQL of dates
    returns              SQL text. Whoever was born on 29 February grows older on 1 March in other years.
-#}
{%- macro age_band(birth_date, on_date) -%}
    {%- set month_and_day = '100 * extract(month from {0}) + extract(day from {0})' -%}
    {%- set age = '(extract(year from ' ~ on_date ~ ') - extract(year from ' ~ birth_date ~ ') - case when '
        ~ month_and_day.format(on_date) ~ ' < ' ~ month_and_day.format(birth_date) ~ ' then 1 else 0 end)' -%}
    {%- set decade = 'cast(floor(' ~ age ~ ' / 10.0) as integer)' -%}
    {{ return('case when ' ~ birth_date ~ ' <= ' ~ on_date ~ ' then '
        ~ 'cast(10 * ' ~ decade ~ ' as ' ~ dbt.type_string() ~ ") || '-' || "
        ~ 'cast(10 * ' ~ decade ~ ' + 9 as ' ~ dbt.type_string() ~ ') end') }}
{%- endmacro -%}
