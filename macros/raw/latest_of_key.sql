{#-
    The accepted row of each key: of several the one with the latest stamp, NULL being oldest; of equal stamps the one
    whose other columns, as text and in the contract's order, are greatest, NULL being lowest. The order of rows and
    files never matters.
    relation     relation of a base model, named base_crm__<table>, or the name of a query that gives rows of one
    with_record  whether to add the row as it came (record_key, record_hash, raw_record), which costs a hash and a JSON a row
    table        text, name of the raw table, where the relation does not tell it
    raw          source relation of the raw table, where the relation is a view on it that has many rows
    returns      SQL text with the contract's columns and raw_batch
    A window over all rows would cost more than everything else, and keys are hardly ever doubled: the doubled ones are
    found first, and only their rows are put in order. With `raw`, rows with a doubled key are judged once more, so that all
    others go through without being set aside: keys are doubled among all rows then, also those that are not accepted.
    Without it the accepted rows are a query of their own, so that an engine that keeps what is read three times judges
    each row once.
-#}
{%- macro latest_of_key(relation, with_record=false, table=none, raw=none) -%}
{%- set record = ['raw_batch'] + (['record_key', 'record_hash', 'raw_record'] if with_record else []) -%}
{%- set contract = clientele.raw_contract(table or relation.identifier | replace('base_crm__', '')) -%}
{%- if not contract -%}
    select * from {{ relation }}
{%- else -%}
{%- set matches = [] -%}
{%- for name in contract.key -%}
    {%- do matches.append('judged.' ~ name ~ ' = doubled_keys.' ~ name) -%}
{%- endfor -%}
{%- set ordering = [] -%}
{%- for name in contract.newest -%}
    {%- do ordering.append('judged.' ~ name ~ ' desc nulls last') -%}
{%- endfor -%}
{%- for column in contract.columns if column.name not in contract.key and column.name not in contract.newest -%}
    {#- Dates, timestamps and booleans have the order of their canonical text; numbers do not. -#}
    {%- set value = 'cast(judged.' ~ column.name ~ ' as ' ~ dbt.type_string() ~ ')' if column.type in ['decimal', 'integer'] else 'judged.' ~ column.name -%}
    {%- do ordering.append(value ~ ' desc nulls last') -%}
{%- endfor -%}
{%- set names = contract.columns | map(attribute='name') | list + record -%}
{%- set rows = relation if raw else 'accepted' -%}
with

{% if not raw -%}
accepted as (
    select
        {{ names | join(',\n        ') }}
    from {{ relation }}
    where rejection_reason is null
),

{% endif -%}
doubled_keys as (
    select {{ contract.key | join(', ') }}
    from {{ rows }}
    group by {{ contract.key | join(', ') }}
    having count(*) > 1
),

doubled_rows as (
    select
        judged.*,
        row_number() over (
            partition by judged.{{ contract.key | join(', judged.') }}
            order by
                {{ ordering | join(',\n                ') }}
        ) as newest_first
    {% if raw -%}
    from ({{ clientele.judged_rows_of_keys(raw, 'doubled_keys') }}) as judged
    where judged.rejection_reason is null
    {%- else -%}
    from accepted as judged
    inner join doubled_keys on {{ matches | join(' and ') }}
    {%- endif %}
)

select
    {{ names | join(',\n    ') }}
from doubled_rows
where newest_first = 1
union all
select
    judged.{{ names | join(',\n    judged.') }}
from {{ rows }} as judged
left join doubled_keys on {{ matches | join(' and ') }}
where
    doubled_keys.{{ contract.key[0] }} is null
    {%- if raw %}
    and judged.rejection_reason is null
    {%- endif %}
{%- endif -%}
{%- endmacro -%}
