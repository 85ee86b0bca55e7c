{#-
    Bands of the days since a customer's first purchase, shortest first.
    returns  a list of dicts: name, to_days (included; the last band has no end)
-#}
{%- macro tenure_bands() -%}
    {{ return([
        {'name': 'up to 30 days', 'to_days': 30},
        {'name': '31 to 90 days', 'to_days': 90},
        {'name': '91 to 365 days', 'to_days': 365},
        {'name': '1 to 2 years', 'to_days': 730},
        {'name': '2 to 5 years', 'to_days': 1825},
        {'name': 'over 5 years', 'to_days': none}
    ]) }}
{%- endmacro -%}
