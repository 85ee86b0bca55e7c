{#-
    Stops a run before its first model where a variable has a value that no model could work with. Runs on-run-start.
    returns  nothing
    errors   a compiler error that names the variable, what it takes and what it was given; one that names an unknown variable
-#}
{%- macro check_variables() -%}
    {%- if execute -%}
        {%- set checks = [
            ('as_of_date', clientele.is_date_text(var('as_of_date')), 'a date written YYYY-MM-DD, or null'),
            ('rfm_window_days', clientele.is_whole_number(var('rfm_window_days')), 'a whole number of days, 0 or more'),
            ('rfm_method', var('rfm_method') in ['fixed', 'quantile'], '`fixed` or `quantile`'),
            ('vip_definition', var('vip_definition') in ['identified', 'loyalty_member'], '`identified` or `loyalty_member`'),
            ('reporting_timezone', clientele.is_time_zone(var('reporting_timezone')), 'the IANA name of a time zone, such as Europe/Zurich'),
            ('churn_days', clientele.is_whole_number(var('churn_days')) and var('churn_days') > 0, 'a whole number of days, 1 or more'),
            ('ecommerce_channels', clientele.is_list_of_text(var('ecommerce_channels')), 'a list of channels, such as [ecommerce, app]'),
            ('annual_discount_rate', clientele.is_rate(var('annual_discount_rate')), 'a rate a year from 0 to below 1, such as 0.1'),
            ('currency', clientele.is_text_like(var('currency'), '[A-Z]{3}'), 'the ISO 4217 code of a currency, three capital letters such as EUR'),
            ('locale', clientele.is_text_like(var('locale'), '[a-z]{2,3}(-[A-Za-z0-9]{2,8})*'), 'the BCP 47 tag of a language, such as en-US or de')
        ] -%}
        {%- set names = checks | map(attribute=0) | list -%}
        {%- for name in invocation_args_dict.get('vars') or {} if name not in names -%}
            {%- do exceptions.raise_compiler_error('The variable ' ~ name ~ ' is not known: the variables are ' ~ names | join(', ') ~ '. Mend it in --vars.') -%}
        {%- endfor -%}
        {%- for name, is_valid, takes in checks -%}
            {%- do clientele.check_variable(name, is_valid, takes) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro -%}

{#- Raises the sentence for one variable. name: text; is_valid: boolean; takes: what it takes, in words. -#}
{%- macro check_variable(name, is_valid, takes) -%}
    {%- if not is_valid -%}
        {%- do exceptions.raise_compiler_error("The variable " ~ name ~ " takes " ~ takes ~ "; it was given: " ~ var(name) | string ~ ". Mend it in dbt_project.yml or in --vars.") -%}
    {%- endif -%}
{%- endmacro -%}

{#- True for null and for the text of a date that exists. YAML gives an unquoted date as a date: its text counts. -#}
{%- macro is_date_text(value) -%}
    {%- if value is none -%}
        {{ return(true) }}
    {%- endif -%}
    {%- if not modules.re.fullmatch('[0-9]{4}-[0-9]{2}-[0-9]{2}', value | string) -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set parts = (value | string).split('-') -%}
    {%- set year, month, day = parts[0] | int, parts[1] | int, parts[2] | int -%}
    {%- set leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) -%}
    {%- set month_days = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] -%}
    {{ return(year > 0 and 1 <= month <= 12 and 1 <= day <= month_days[month - 1]) }}
{%- endmacro -%}

{#- True for an integer of 0 or more (true and false are numbers to Jinja, but not here) below a million. -#}
{%- macro is_whole_number(value) -%}
    {{ return(value is integer and value is not boolean and 0 <= value < 1000000) }}
{%- endmacro -%}

{#- True for a number from 0 to below 1. -#}
{%- macro is_rate(value) -%}
    {{ return(value is number and value is not boolean and 0 <= value < 1) }}
{%- endmacro -%}

{#- True for a text that matches a pattern as a whole. value: of a variable; pattern: regular expression. -#}
{%- macro is_text_like(value, pattern) -%}
    {{ return(value is string and modules.re.fullmatch(pattern, value) is not none) }}
{%- endmacro -%}

{#- True for a name that the operating system's time zone list knows. -#}
{%- macro is_time_zone(value) -%}
    {{ return(value is string and value in modules.pytz.all_timezones_set) }}
{%- endmacro -%}

{#- True for a list whose elements are all text. -#}
{%- macro is_list_of_text(value) -%}
    {{ return(value is sequence and value is not string and value is not mapping and value | reject('string') | list | length == 0) }}
{%- endmacro -%}
