{#-
    Bands of the age of an open lead, youngest first. They stand here once, because the funnel has a column for each.
    returns  a list of dicts: name, from_days and to_days (both included; the last band has no end), column (of fct_lead_funnel)
-#}
{%- macro lead_age_bands() -%}
    {{ return([
        {'name': '0-30', 'from_days': 0, 'to_days': 30, 'column': 'open_0_to_30_days_count'},
        {'name': '31-60', 'from_days': 31, 'to_days': 60, 'column': 'open_31_to_60_days_count'},
        {'name': '61-90', 'from_days': 61, 'to_days': 90, 'column': 'open_61_to_90_days_count'},
        {'name': 'over 90', 'from_days': 91, 'to_days': none, 'column': 'open_over_90_days_count'}
    ]) }}
{%- endmacro -%}
