{#-
    Batches of raw rows, by which a build finds out what has changed. A table falls into batches by what its rows say of
    themselves: the day on which a row came in, where it tells no such day the month of its event. Nobody's word is taken
    for what came since: each build counts every batch and takes a checksum of it (model base_crm__batches), and a model
    that keeps rows from build to build remembers which batches it has read (source `kept`, table batches_read). A batch
    that is new, differs or went has changed; only the keys in it are judged anew.
-#}

{#- Names of the raw tables whose accepted rows are kept: events, of which there are many. -#}
{%- macro kept_raw_tables() -%}
    {{ return(['transactions', 'transaction_lines', 'campaign_contacts', 'interactions', 'leads', 'surveys']) }}
{%- endmacro -%}

{#- The relation that counts the batches of a raw table; none: of all of them. -#}
{%- macro batches_of(table=none) -%}
    {{ return(ref('base_crm__batches_of_' ~ table) if table else ref('base_crm__batches')) }}
{%- endmacro -%}

{#-
    The batch of a raw row: the day it came in, else the first day of its event's month, else the first of all days.
    contract  dict of macro raw_contract
    is_read   whether the columns are read already (macro read_raw_value); else they are as they came, with <name>_text
    returns   SQL text of a date, never NULL
-#}
{%- macro raw_batch(contract, is_read=false) -%}
    {%- set parts = [] -%}
    {%- for name in clientele.raw_batch_columns(contract) -%}
        {%- set timestamp = name if is_read else clientele.read_raw_timestamp(name) -%}
        {%- do parts.append('cast(' ~ (timestamp if name == 'loaded_at' else dbt.date_trunc('month', timestamp)) ~ ' as date)') -%}
    {%- endfor -%}
    {{ return('coalesce(' ~ (parts + ["cast('0001-01-01' as date)"]) | join(', ') ~ ')') }}
{%- endmacro -%}

{#-
    The batches of one raw table, counted.
    relation  source relation; its name is the table's name in the contract
    returns   SQL text that gives table_name, raw_batch, row_count, checksum (text). The checksum is of the rows as they
              came, of the types they came in (whole cents and a decimal may be the same bits), and of the SQL that judges
              and supersedes them, so that a new rule reads everything anew.
-#}
{%- macro count_raw_batches(relation) -%}
{%- set contract = clientele.raw_contract(relation.identifier) -%}
{%- set rules = local_md5(clientele.judge_raw_rows(relation) ~ clientele.latest_of_key(relation, table=relation.identifier, raw=relation)) -%}
select
    '{{ relation.identifier }}' as table_name,
    {%- if not contract %}
    cast('0001-01-01' as date) as raw_batch,
    count(*) as row_count,
    '' as checksum
    {%- else %}
    raw_batch,
    count(*) as row_count,
    '{{ rules }}-' || {{ dbt.hash('(select ' ~ clientele.stored_types(contract.columns | map(attribute='name')) ~ ' from ' ~ relation ~ ' limit 1)') }}
    || '-' || cast(sum(row_hash) as {{ dbt.type_string() }})
    {%- if contract.event %} || case
        when count(loaded_on) = count(*) then ''
        {#- rows without a stamp of their own are judged by the newest of the table, which matters where it is older than they are #}
        else '-' || cast(least(max(max(loaded_on)) over (), coalesce(max(case when loaded_on is null then happened_at end), cast('0001-01-01' as timestamp))) as {{ dbt.type_string() }})
    end
    {%- endif %} as checksum
    {%- endif %}
from (
    select
        {%- if contract %}
        {{ clientele.raw_batch(contract) }} as raw_batch,
        {%- if contract.event %}
        {{ clientele.read_raw_timestamp('loaded_at') }} as loaded_on,
        {{ clientele.read_raw_timestamp(contract.event) }} as happened_at,
        {%- endif %}
        {{ clientele.row_hash(contract.columns | map(attribute='name') | list) }} as row_hash
        {%- else %}
        *
        {%- endif %}
    from {{ clientele.raw_rows_with_texts(relation, clientele.raw_batch_columns(contract) if contract else []) }} as raw_rows
) as hashed_rows
{%- if contract %}
group by raw_batch
{%- endif -%}
{%- endmacro -%}

{#- A whole number that a row's values lead to, as they are stored. names: list of columns; returns SQL text. -#}
{%- macro row_hash(names) -%}
    {{ return(adapter.dispatch('row_hash', 'clientele')(names)) }}
{%- endmacro -%}

{#- Twice, because the hash of the last value is only laid over that of those before it: two rows that change alike could cancel out. -#}
{%- macro duckdb__row_hash(names) -%}
    {{ return('hash(hash(' ~ names | join(', ') ~ '))') }}
{%- endmacro -%}

{#- SQL of a text that names the types of some columns as they are stored. names: list of columns -#}
{%- macro stored_types(names) -%}
    {%- set types = [] -%}
    {%- for name in names -%}
        {%- do types.append('cast(' ~ clientele.stored_type(name) ~ ' as ' ~ dbt.type_string() ~ ')') -%}
    {%- endfor -%}
    {{ return(types | join(" || ',' || ")) }}
{%- endmacro -%}

{#- SQL of the type of a column as it is stored. name: text -#}
{%- macro stored_type(name) -%}
    {{ return(adapter.dispatch('stored_type', 'clientele')(name)) }}
{%- endmacro -%}

{%- macro default__stored_type(name) -%}
    {{ return('typeof(' ~ name ~ ')') }}
{%- endmacro -%}

{#-
    The batches that have changed since a model has read them: new, different or gone.
    table    text, name of a table of source `crm`; none: all of them
    returns  SQL text that gives table_name, raw_batch, is_there (false: the batch is gone)
-#}
{%- macro changed_batches(table=none) -%}
    {%- set of_table = "table_name = '" ~ table ~ "'" if table else '1 = 1' -%}
    select
        coalesce(batches.table_name, batches_read.table_name) as table_name,
        coalesce(batches.raw_batch, batches_read.raw_batch) as raw_batch,
        batches.raw_batch is not null as is_there
    from {{ clientele.batches_of(table) }} as batches
    full outer join (
        select * from {{ source('kept', 'batches_read') }} where model_name = '{{ this.identifier }}' and {{ of_table }}
    ) as batches_read
        on batches.table_name = batches_read.table_name and batches.raw_batch = batches_read.raw_batch
    where
        {{ clientele.checksum_for_model('batches') }} is distinct from batches_read.checksum
        or batches.row_count is distinct from batches_read.row_count
{%- endmacro -%}

{#- SQL of a batch's checksum together with the text of the model that asks, and of macros: one that was changed reads everything anew. -#}
{%- macro checksum_for_model(batches) -%}
    {{ return(batches ~ ".checksum || '-" ~ clientele.hash_of_model() ~ "'") }}
{%- endmacro -%}

{#- A hash of the text of the model that asks, and of macros. -#}
{%- macro hash_of_model() -%}
    {{ return(local_md5((model.raw_code or '') ~ clientele.hash_of_macros())) }}
{%- endmacro -%}

{#- A hash of the text of all macros of the project but tests: which of them make a model's rows is known to dbt, but not told to macros. -#}
{%- macro hash_of_macros() -%}
    {%- if not execute -%}
        {{ return('') }}
    {%- endif -%}
    {#- once a run, beside the graph, as there are some hundred -#}
    {%- set name = 'hash_of_macros_' ~ invocation_id -%}
    {%- if name not in graph -%}
        {%- set texts = [] -%}
        {%- for macro in context['clientele'] | sort if not macro.startswith('test_') -%}
            {%- do texts.append(context['clientele'][macro].macro.macro_sql) -%}
        {%- endfor -%}
        {%- do graph.update({name: local_md5(texts | join('\n'))}) -%}
    {%- endif -%}
    {{ return(graph[name]) }}
{%- endmacro -%}

{#-
    The rows of a raw table with the trimmed text of some columns beside them, as macros that read a value want it.
    relation  source relation
    names     list of columns
    returns   SQL text of a query
-#}
{%- macro raw_rows_with_texts(relation, names) -%}
    {%- set texts = [] -%}
    {%- for name in names -%}
        {%- do texts.append(clientele.trimmed_text(name) ~ ' as ' ~ name ~ '_text') -%}
    {%- endfor -%}
    {{ return('(select ' ~ (['*'] + texts) | join(', ') ~ ' from ' ~ relation ~ ')') }}
{%- endmacro -%}

{#- The columns that tell the batch of a row, the better one first. contract: dict of macro raw_contract; returns a list of names. -#}
{%- macro raw_batch_columns(contract) -%}
    {{ return(['loaded_at', contract.event] | select('in', contract.columns | map(attribute='name') | list) | list) }}
{%- endmacro -%}

{#-
    The judged rows of a raw table in batches that have changed; all of them where the model is built in full.
    table    text, name of a table of source `crm`
    changed  name of a query as macro changed_batches gives it
    returns  SQL text of a query with the columns of the base model
-#}
{%- macro judged_rows_of_changed_batches(table, changed) -%}
    {%- set base = ref('base_crm__' ~ table) -%}
    {%- if execute and not clientele.is_kept_already() -%}
        select * from {{ base }}
    {%- else -%}
        {%- set raw = source('crm', table) -%}
        {%- set contract = clientele.raw_contract(table) or {'columns': []} -%}
        {%- set raw_rows = '(select * from ' ~ clientele.raw_rows_with_texts(raw, clientele.raw_batch_columns(contract)) ~ ' as rows_with_texts where '
            ~ clientele.raw_batch(contract) ~ ' in (select raw_batch from ' ~ changed ~ " where table_name = '" ~ table ~ "' and is_there)) as rows_of_batches" -%}
        {{ clientele.judge_raw_rows(raw, raw_rows) }}
    {%- endif -%}
{%- endmacro -%}

{#-
    The judged rows of a raw table that have certain keys.
    raw      source relation
    keys     name of a query that gives the columns of the contract's key
    returns  SQL text of a query with the columns of the base model
-#}
{%- macro judged_rows_of_keys(raw, keys) -%}
{%- set contract = clientele.raw_contract(raw.identifier) or {'columns': [], 'key': []} -%}
{#- keys are read before they are held against others: a comparison of expressions is planned as a join that keeps every row -#}
{%- set read_keys, is_among_keys = [], [] -%}
{%- for column in contract.columns if column.name in contract.key -%}
    {%- do read_keys.append(clientele.read_raw_value(column) ~ ' as ' ~ column.name ~ '_read') -%}
    {%- do is_among_keys.append(keys ~ '.' ~ column.name ~ ' = rows_with_keys.' ~ column.name ~ '_read') -%}
{%- endfor -%}
{%- set rows_with_keys = '(select *, ' ~ read_keys | join(', ') ~ ' from ' ~ clientele.raw_rows_with_texts(raw, contract.key) ~ ' as rows_with_texts) as rows_with_keys' -%}
    {{ clientele.judge_raw_rows(raw, '(select * from ' ~ rows_with_keys ~ ' where exists (select 1 from ' ~ keys ~ ' where ' ~ is_among_keys | join(' and ') ~ ')) as rows_of_keys') }}
{%- endmacro -%}

{#-
    The query of a staging model that is kept from build to build: the accepted row of each key (macro latest_of_key), or,
    where the model is there already, of each key that the changed batches hold or held. A key without an accepted row is
    given with NULL for all else, and the row that is kept of it goes (macro get_incremental_replace_keys_sql).
    table    text, name of a table of source `crm`
    returns  SQL text of a query with the contract's columns and raw_batch
-#}
{%- macro kept_latest_of_key(table) -%}
{%- set base = ref('base_crm__' ~ table) -%}
{%- if execute and not clientele.is_kept_already() -%}
    {#- a unit test gives judged rows alone; what both branches of macro latest_of_key give is compared by test_increments.py -#}
    {%- set is_view = this is not none and graph.nodes['model.clientele.base_crm__' ~ table].config.materialized == 'view' -%}
    {{ clientele.latest_of_key(base, raw=source('crm', table) if is_view else none) }}
{%- else -%}
{%- set raw = source('crm', table) -%}
{#- While dbt parses the project there is no contract yet, only lineage. -#}
{%- set contract = clientele.raw_contract(table) or {'columns': [], 'key': []} -%}
{%- set names = contract.columns | map(attribute='name') | list + ['raw_batch'] -%}
{%- set keys, is_latest = [], [] -%}
{%- for column in contract.columns if column.name in contract.key -%}
    {%- do keys.append(clientele.read_raw_value(column) ~ ' as ' ~ column.name) -%}
    {%- do is_latest.append('touched_keys.' ~ column.name ~ ' = latest.' ~ column.name) -%}
{%- endfor -%}
with

changed_batches as (
    {{ clientele.changed_batches(table) }}
),

touched_keys as (
    select {{ keys | join(', ') }}
    from {{ clientele.raw_rows_with_texts(raw, (contract.key + clientele.raw_batch_columns(contract)) | unique) }} as rows_with_texts
    where {{ clientele.raw_batch(contract) }} in (select raw_batch from changed_batches where is_there)
    union
    select {{ contract.key | join(', ') }}
    from {{ this }}
    where raw_batch in (select raw_batch from changed_batches)
),

judged as (
    {{ clientele.judged_rows_of_keys(raw, 'touched_keys') }}
),

latest as (
    {{ clientele.latest_of_key('judged', table=table) }}
)

select
    {%- for name in names %}
    {{ 'touched_keys' if name in contract.key else 'latest' }}.{{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from touched_keys
left join latest on {{ is_latest | join(' and ') }}
where touched_keys.{{ contract.key | join(' is not null and touched_keys.') }} is not null
{%- endif -%}
{%- endmacro -%}

{#-
    Notes, in the transaction that changed a model, which batches it has read by now. Where it may have read other rows than
    those that were counted nothing is noted, and the next build makes it anew. A post-hook.
    table    text, name of a table of source `crm`; none: all of them
-#}
{%- macro remember_batches(table=none) -%}
    {{ return(adapter.dispatch('remember_batches', 'clientele')(table)) }}
{%- endmacro -%}

{%- macro default__remember_batches(table) -%}
    {%- set read = source('kept', 'batches_read') -%}
    {%- set of_table = "table_name = '" ~ table ~ "'" if table else '1 = 1' -%}
    delete from {{ read }} where model_name = '{{ this.identifier }}' and {{ of_table }}
    {%- if execute and clientele.has_read_what_was_counted() -%}
        ;
        insert into {{ read }} (model_name, table_name, raw_batch, row_count, checksum)
        select '{{ this.identifier }}', table_name, raw_batch, row_count, {{ clientele.checksum_for_model('batches') }} from {{ clientele.batches_of(table) }} as batches
    {%- endif -%}
{%- endmacro -%}

{#- Whether all models before the one that asks were built in this run, and from the same files. -#}
{%- macro has_read_what_was_counted() -%}
    {{ return(not clientele.models_before(model, []) | reject('in', selected_resources) | list and clientele.has_same_files()) }}
{%- endmacro -%}

{#-
    Says which batches have changed or are gone since the model has read them, and which came that are older than what it
    has read: a source has told no `loaded_at`, or an older one, or a rule is new. A post-hook, before macro
    remember_batches.
-#}
{%- macro tell_of_changed_batches() -%}
    {%- if execute and model.config.materialized == 'incremental' -%}
        {%- set batches_read = '(select table_name, raw_batch, max(raw_batch) over (partition by table_name) as newest_batch from ' ~ source('kept', 'batches_read')
            ~ " where model_name = '" ~ this.identifier ~ "')" -%}
        {%- set changed = run_query('select changed.table_name, changed.raw_batch, max(case when changed.raw_batch = batches_read.raw_batch then 1 else 0 end) as was_read'
            ~ ' from (' ~ clientele.changed_batches() ~ ') as changed inner join ' ~ batches_read ~ ' as batches_read on changed.table_name = batches_read.table_name'
            ~ ' where changed.raw_batch <= batches_read.newest_batch group by changed.table_name, changed.raw_batch order by 1, 2') -%}
        {%- for rows in changed.rows | groupby('table_name') -%}
            {%- set known = rows.list | selectattr('was_read') | map(attribute='raw_batch') | list -%}
            {%- set late = rows.list | rejectattr('was_read') | map(attribute='raw_batch') | list -%}
            {%- for names, happened in [(known, 'that had been read before changed, or went, or got other rules'), (late, 'came after newer ones had been read')] if names -%}
                {%- do print('Raw data: ' ~ clientele.counted(names | length, 'batch', 'batches') ~ ' of ' ~ rows.grouper ~ ' ' ~ happened
                    ~ ' (' ~ names[:3] | map('string') | join(', ') ~ (', …' if names | length > 3 else '') ~ '): ' ~ ('the rows were judged anew.' if names == known else 'the rows were judged too.')) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro -%}

{#-
    Whether the model that asks is there already and keeps its rows in this run. Neither a full refresh nor a unit test looks
    at the database, and what only shows a query (compile, show, docs) shows that of all rows.
-#}
{%- macro is_kept_already() -%}
    {{ return(this is not none and clientele.is_build() and not should_full_refresh() and is_incremental()) }}
{%- endmacro -%}

{#-
    How a model that is kept from build to build is stored: rows in the place of others, where the engine can do that.
    otherwise  what it is where the engine cannot
-#}
{%- macro kept_materialization(otherwise='table') -%}
    {{ return(adapter.dispatch('kept_materialization', 'clientele')(otherwise)) }}
{%- endmacro -%}

{%- macro default__kept_materialization(otherwise) -%}
    {{ return('incremental') }}
{%- endmacro -%}

{#- Makes the tables that remember what was read, and which runs there were, where they are not there yet. Runs on-run-start. -#}
{%- macro keep_what_was_read() -%}
    {%- if execute and clientele.uses_database() -%}
        {%- set schema = env_var('CRM_SCHEMA_PREFIX', '') ~ 'staging' -%}
        {%- set text = dbt.type_string() -%}
        {%- do run_query('create table if not exists ' ~ schema ~ '.batches_read (model_name ' ~ text ~ ', table_name ' ~ text ~ ', raw_batch date, row_count bigint, checksum ' ~ text ~ ')') -%}
        {%- do run_query('create table if not exists ' ~ schema ~ '.changes_read (model_name ' ~ text ~ ', table_name ' ~ text ~ ', change_number bigint, as_of_date date, rules ' ~ text ~ ')') -%}
        {%- do run_query('create table if not exists ' ~ schema ~ '.runs (run_id ' ~ text ~ ', command ' ~ text ~ ', completed_at timestamp, seconds integer, step_count integer, mart_count integer,'
            ~ ' failed_count integer, warning_count integer, row_count bigint, accepted_count bigint, superseded_count bigint, rejected_count bigint)') -%}
        {%- do adapter.dispatch('keep_what_hook_did', 'clientele')() -%}
    {%- endif -%}
{%- endmacro -%}

{#-
    Strategy of incremental models (`incremental_strategy: replace_keys`): what the model holds of the keys in the new rows
    goes, and the new rows come in its place, but for those that only say that their key is gone: there the column that
    the model's meta.never_null names is NULL.
    arg_dict  dict of dbt's incremental materialization
    returns   SQL text of a delete and an insert
-#}
{%- macro get_incremental_replace_keys_sql(arg_dict) -%}
    {%- set target_relation, temp_relation = arg_dict['target_relation'], arg_dict['temp_relation'] -%}
    {%- set keys = [arg_dict['unique_key']] if arg_dict['unique_key'] is string else arg_dict['unique_key'] -%}
    {%- set names = arg_dict['dest_columns'] | map(attribute='name') | list -%}
    {%- set is_same = [] -%}
    {%- for name in keys -%}
        {%- do is_same.append('new_rows.' ~ name ~ ' = kept_rows.' ~ name) -%}
    {%- endfor -%}
    delete from {{ target_relation }} as kept_rows
    where exists (select 1 from {{ temp_relation }} as new_rows where {{ is_same | join(' and ') }});
    insert into {{ target_relation }} ({{ names | join(', ') }})
    select {{ names | join(', ') }} from {{ temp_relation }} where {{ config.require('meta')['never_null'] }} is not null
{%- endmacro -%}
