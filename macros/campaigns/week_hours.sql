{#- Weekday of a date, 1 = Monday to 7 = Sunday. date: SQL of a date; returns SQL of an integer. -#}
{%- macro day_of_week(date) -%}
    {{ return('(' ~ clientele.days_between(clientele.period_start('week', date), date) ~ ' + 1)') }}
{%- endmacro -%}

{#- Hour that a clock shows, 0 to 23. timestamp: SQL of a timestamp as that clock shows it; returns SQL of an integer. -#}
{%- macro hour_of_day(timestamp) -%}
    {{ return('cast(extract(hour from ' ~ timestamp ~ ') as integer)') }}
{%- endmacro -%}

{#- The 168 hours of a week, as a query with the columns day_of_week and hour_of_day. -#}
{%- macro week_hours() -%}
    select
        weekdays.day_of_week,
        day_hours.hour_of_day
    from (
        {%- for day in range(1, 8) %}
        select {{ day }} as day_of_week
        {{- ' union all' if not loop.last }}
        {%- endfor %}
    ) as weekdays
    cross join (
        {%- for hour in range(24) %}
        select {{ hour }} as hour_of_day
        {{- ' union all' if not loop.last }}
        {%- endfor %}
    ) as day_hours
{%- endmacro -%}

{#-
    For each owner the weekday with the most events, and of that weekday the hour with the most; of equals the earlier.
    relation  relation with one row per owner, day_of_week and hour_of_day, and event_count
    owner     list of the columns that name an owner; none is NULL
    returns   SQL text of a query with these columns, event_count (of all hours), best_day_of_week and best_hour_of_day
    No window over all rows: the greatest of `count, then the earlier` is the greatest of one number made of both.
-#}
{%- macro best_week_hours(relation, owner) -%}
{%- set keys = owner | join(', ') -%}
    select
        {% for column in owner -%}
        best_days.{{ column }},
        {% endfor -%}
        best_days.event_count,
        best_days.best_day_of_week,
        cast(23 - mod(max(cast(hours.event_count as bigint) * 100 + 23 - hours.hour_of_day), 100) as integer) as best_hour_of_day
    from (
        select
            {{ keys }},
            cast(sum(event_count) as bigint) as event_count,
            cast(7 - mod(max(cast(event_count as bigint) * 10 + 7 - day_of_week), 10) as integer) as best_day_of_week
        from (
            select
                {{ keys }},
                day_of_week,
                sum(event_count) as event_count
            from {{ relation }}
            group by {{ keys }}, day_of_week
        ) as days
        group by {{ keys }}
    ) as best_days
    inner join {{ relation }} as hours
        on
            {% for column in owner -%}
            best_days.{{ column }} = hours.{{ column }}
            and {% endfor -%}
            best_days.best_day_of_week = hours.day_of_week
    group by
        {% for column in owner -%}
        best_days.{{ column }},
        {% endfor -%}
        best_days.event_count,
        best_days.best_day_of_week
{%- endmacro -%}
