{#-
    The query of a base model: one row per raw row, read and judged by the raw contract.
    relation  source relation; its name is the table's name in the contract
    raw_rows  SQL text that stands for the relation where only some of its rows are judged
    returns   SQL text that gives
                the contract's columns, cast, lower-cased and with their defaults
                raw_batch                 date, the batch of raw rows that the row is one of (macro raw_batch)
                rejection_reason          text, NULL where the row is accepted: <column>_missing, _invalid, _unknown,
                                          _out_of_range, _before_1900, _after_load (first one that holds)
                <column>_is_invalid       boolean, for optional typed columns: given, but not of its type, so NULL
                record_key                text, the key as it came, parts joined with |
                record_hash, raw_record   text, hash and JSON of the row as it came (raw_record holds personal data)
-#}
{%- macro judge_raw_rows(relation, raw_rows=none) -%}
{%- set contract = clientele.raw_contract(relation.identifier) -%}
{%- if not contract -%}
    {#- While dbt parses the project there is no contract yet, only lineage. -#}
    select * from {{ relation }}
{%- else -%}
with

raw_rows as (
    select
        {%- for column in contract.columns %}
        {{ column.name }},
        {{ clientele.trimmed_text(column.name) }} as {{ column.name }}_text{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ raw_rows or relation }}
),

read_rows as (
    select
        {%- for column in contract.columns %}
        {{ clientele.read_raw_value(column) }} as {{ column.name }},
        {%- if column.type != 'text' %}
        {{ clientele.is_given(column.name) }} as {{ column.name }}_is_given,
        {%- endif %}
        {{ column.name }}_text{{ ',' if not loop.last }}
        {%- endfor %}
    from raw_rows
){% if contract.event %},

-- stands in for the load of a row that does not tell its own
newest_load as (
    select max({{ clientele.read_raw_timestamp('loaded_at') }}) as newest_loaded_at
    from (select loaded_at, {{ clientele.trimmed_text('loaded_at') }} as loaded_at_text from {{ relation }}) as loads
){% endif %}

select
    {%- for column in contract.columns %}
    {{ column.name }},
    {%- if column.type != 'text' and not column.required %}
    {{ column.name }}_is_given and {{ column.name }} is null as {{ column.name }}_is_invalid,
    {%- endif %}
    {%- endfor %}
    {#- not any sooner: who asks for rejected rows alone is to pay for no other row's hash and JSON #}
    {{ clientele.raw_record_key(contract) }} as record_key,
    {{ clientele.raw_record_hash(contract) }} as record_hash,
    {{ clientele.raw_record_json(contract) }} as raw_record,
    {{ clientele.raw_batch(contract, is_read=true) }} as raw_batch,
    case
        {%- for column in contract.columns %}
        {%- if column.required and column.type == 'text' %}
        when {{ column.name }} is null then '{{ column.name }}_missing'
        {%- elif column.required %}
        when {{ column.name }} is null and not {{ column.name }}_is_given then '{{ column.name }}_missing'
        when {{ column.name }} is null then '{{ column.name }}_invalid'
        {%- endif %}
        {%- if column.accepted_values %}
        when {{ column.name }} not in ('{{ column.accepted_values | join("', '") }}') then '{{ column.name }}_unknown'
        {%- endif %}
        {%- if column.required and column.type in ['date', 'timestamp'] %}
        when {{ column.name }} < cast('1900-01-01' as {{ column.type }}) then '{{ column.name }}_before_1900'
        {%- endif %}
        {%- endfor %}
        {%- for column in contract.columns if column.range_by %}
        {%- for value, bounds in column.range_by.items() if value != 'column' %}
        when {{ column.range_by.column }} = '{{ value }}' and {{ column.name }} not between {{ bounds[0] }} and {{ bounds[1] }} then '{{ column.name }}_out_of_range'
        {%- endfor %}
        {%- endfor %}
        {%- if contract.event %}
        when {{ contract.event }} > {{ dbt.dateadd('day', 1, 'coalesce(loaded_at, (select newest_loaded_at from newest_load))') }} then '{{ contract.event }}_after_load'
        {%- endif %}
    end as rejection_reason
from read_rows
{%- endif -%}
{%- endmacro -%}

{#- The key of a raw row as it came. -#}
{%- macro raw_record_key(contract) -%}
    {%- set parts = [] -%}
    {%- for name in contract.key -%}
        {%- do parts.append('coalesce(' ~ name ~ "_text, '')") -%}
    {%- endfor -%}
    {{ return(parts | join(" || '|' || ")) }}
{%- endmacro -%}

{#- A hash of a raw row as it came, alike on every engine. -#}
{%- macro raw_record_hash(contract) -%}
    {%- set parts = [] -%}
    {%- for column in contract.columns -%}
        {%- do parts.append('coalesce(' ~ column.name ~ "_text, '')") -%}
    {%- endfor -%}
    {{ return(dbt.hash(parts | join(' || chr(31) || '))) }}
{%- endmacro -%}

{#- A raw row as it came, as a JSON object. -#}
{%- macro raw_record_json(contract) -%}
    {{ return(adapter.dispatch('raw_record_json', 'clientele')(contract)) }}
{%- endmacro -%}

{%- macro duckdb__raw_record_json(contract) -%}
    {%- set pairs = [] -%}
    {%- for column in contract.columns -%}
        {%- do pairs.append("'" ~ column.name ~ "', " ~ column.name ~ '_text') -%}
    {%- endfor -%}
    {{ return('cast(json_object(' ~ pairs | join(', ') ~ ') as varchar)') }}
{%- endmacro -%}
