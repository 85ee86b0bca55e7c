{#-
    Which customers have changed. Customers fall into buckets by a hash of their key, anonymous sales by their day, and the
    models int_<...>_checksums keep a checksum of all rows of each bucket, and the number of the change that brought it. A
    model that keeps its rows from build to build remembers the number it has read up to (source `kept`, table
    changes_read) and makes anew only the buckets that have changed since. Nobody has to say what a load touches: a late
    or corrected row, a merge, an erasure, another D, time zone or seed all show in the rows, and rows that are as they
    were cost a hash. Buckets name nobody, so an erased customer is in none of it.
    Such a model begins with goes_by(models with checksums that cover all that it reads) and has incremental_strategy
    'replace_touched', the hooks find_touched() and remember_changes(), and as meta.customer the columns that tell the bucket of its rows:
    customer, and day where the customer may be NULL.
-#}

{#- Makes the models with checksums parents of the model that asks. names: list of models -#}
{%- macro goes_by(names) -%}
    {%- if not execute -%}
        {%- for name in names + ['int_as_of'] -%}
            {%- do ref(name) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro -%}

{#- How many buckets there are: so many that few customers share one, also where there are ten million of them. -#}
{%- macro customer_bucket_count() -%}
    {{ return(4194304) }}
{%- endmacro -%}

{#-
    The bucket of a customer, or of the anonymous sales of a day.
    customer_id, day  SQL; without a day the customer is never NULL
    returns           SQL text of an integer
-#}
{%- macro customer_bucket(customer_id, day=none) -%}
    {%- set key = 'coalesce(' ~ customer_id ~ ', cast(' ~ day ~ ' as ' ~ dbt.type_string() ~ '))' if day else customer_id -%}
    {{ return('cast(' ~ clientele.row_hash([key]) ~ ' % ' ~ clientele.customer_bucket_count() ~ ' as integer)') }}
{%- endmacro -%}

{#-
    The query of a model with checksums: the buckets whose checksum is another than the kept one, under a new number; all
    buckets where the model is built in full. A bucket that is empty by now stays, with NULL as its checksum.
    checksums  name of a query that gives customer_bucket, rows_checksum
    returns    SQL text that gives customer_bucket, rows_checksum, change_number
-#}
{%- macro changed_checksums(checksums) -%}
{%- set read = source('kept', 'changes_read') -%}
select
    {%- if clientele.is_kept_already() %}
    coalesce(checksums.customer_bucket, kept_rows.customer_bucket) as customer_bucket,
    {%- else %}
    checksums.customer_bucket,
    {%- endif %}
    checksums.rows_checksum,
    numbers.change_number
from {{ checksums }} as checksums
{%- if clientele.is_kept_already() %}
full outer join {{ this }} as kept_rows on checksums.customer_bucket = kept_rows.customer_bucket
{%- endif %}
cross join (
    -- greater than any number that a model has read
    select coalesce(max(change_number), 0) + 1 as change_number
    from (
        select change_number from {{ read }} where table_name = '{{ this.identifier }}'
        {%- if clientele.is_kept_already() %}
        union all
        select change_number from {{ this }}
        {%- endif %}
    ) as known_numbers
) as numbers
{%- if clientele.is_kept_already() %}
where checksums.rows_checksum is distinct from kept_rows.rows_checksum
{%- endif %}
{%- endmacro -%}

{#- Models with checksums that the model which asks goes by. returns: list of relations -#}
{%- macro tables_of_changes() -%}
    {%- set tables = [] -%}
    {%- for name in model.depends_on.nodes if name.endswith('_checksums') -%}
        {%- do tables.append(ref(name.split('.')[-1])) -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro -%}

{#- The buckets that have changed since the model that asks has read them. returns: SQL text that gives customer_bucket -#}
{%- macro touched_buckets() -%}
    {%- set queries = [] -%}
    {%- for table in clientele.tables_of_changes() -%}
        {%- do queries.append('select changes.customer_bucket from ' ~ table ~ ' as changes inner join ' ~ source('kept', 'changes_read')
            ~ " as changes_read on changes.change_number > changes_read.change_number where changes_read.model_name = '" ~ this.identifier
            ~ "' and changes_read.table_name = '" ~ table.identifier ~ "'") -%}
    {%- endfor -%}
    {{ return(queries | join(' union all ')) }}
{%- endmacro -%}

{#-
    Whether rows of a customer are made anew in this build: always, where the model is built in full.
    customer_id, day  SQL as for macro customer_bucket
    returns           SQL text of a condition
-#}
{%- macro is_touched(customer_id, day=none) -%}
    {%- if execute and not clientele.is_kept_already() -%}
        {{ return('1 = 1') }}
    {%- endif -%}
    {{ return(adapter.dispatch('is_among_buckets', 'clientele')(clientele.customer_bucket(customer_id, day), clientele.touched_buckets())) }}
{%- endmacro -%}

{#- SQL of the condition that a bucket is among those of a query. bucket: SQL; buckets: SQL of a query for customer_bucket -#}
{%- macro default__is_among_buckets(bucket, buckets) -%}
    {{ return(bucket ~ ' in (' ~ buckets ~ ')') }}
{%- endmacro -%}

{#- By a variable of the session, one bit a bucket, which a scan filters by: a join would now and then write down the rows of
    a view, of which the planner cannot tell how many they are. -#}
{%- macro duckdb__is_among_buckets(bucket, buckets) -%}
    {{ return("get_bit(getvariable('touched_by_" ~ this.identifier ~ "'), " ~ bucket ~ ') = 1') }}
{%- endmacro -%}

{#- Sets the variable of the session that macro is_touched reads, where there is one. A pre-hook. -#}
{%- macro find_touched() -%}
    {{ return(adapter.dispatch('find_touched', 'clientele')()) }}
{%- endmacro -%}

{%- macro default__find_touched() -%}
{%- endmacro -%}

{%- macro duckdb__find_touched() -%}
    {%- if execute and clientele.is_kept_already() -%}
        set variable touched_by_{{ this.identifier }} = (
            select coalesce(
                bitstring_agg(touched.customer_bucket, 0, {{ clientele.customer_bucket_count() - 1 }}),
                bitstring('0', {{ clientele.customer_bucket_count() }})
            )
            from ({{ clientele.touched_buckets() }}) as touched
        )
    {%- endif -%}
{%- endmacro -%}

{#-
    Strategy of incremental models (`incremental_strategy: replace_touched`): what the model holds of changed buckets goes,
    and the new rows come in its place. Where customers change by the mere move of D (meta.moves_with_day), so does what it
    holds of those in the new rows.
    arg_dict  dict of dbt's incremental materialization
    returns   SQL text of a delete and an insert
-#}
{%- macro get_incremental_replace_touched_sql(arg_dict) -%}
    {%- set target_relation, temp_relation = arg_dict['target_relation'], arg_dict['temp_relation'] -%}
    {%- set names = arg_dict['dest_columns'] | map(attribute='name') | join(', ') -%}
    {%- set meta = config.require('meta') -%}
    delete from {{ target_relation }}
    where {{ clientele.customer_bucket(*meta['customer']) }} in ({{ clientele.touched_buckets() }});
    {% if meta.get('moves_with_day') -%}
    delete from {{ target_relation }}
    where {{ meta['customer'][0] }} in (select {{ meta['customer'][0] }} from {{ temp_relation }});
    {% endif -%}
    insert into {{ target_relation }} ({{ names }})
    select {{ names }} from {{ temp_relation }}
{%- endmacro -%}

{#-
    Whether a model that keeps its rows makes all of them anew: it has none, knows not what it has read, its text, that of
    a model before it or of a macro, or a variable is another one, or so many buckets have changed that rows are written down faster
    than replaced. Asked of the database once a run, and kept beside the graph: SQL and materialization have to agree.
-#}
{%- macro is_built_anew() -%}
    {%- if not execute or not clientele.is_build() or model.config.materialized != 'incremental' -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set answers = graph.setdefault('is_built_anew_' ~ invocation_id, {}) -%}
    {%- if model.unique_id not in answers -%}
        {%- do answers.update({model.unique_id: clientele.has_no_batches() or clientele.has_unread_rules_or_changes()}) -%}
    {%- endif -%}
    {{ return(answers[model.unique_id]) }}
{%- endmacro -%}

{#- Whether the model that asks goes by batches of raw rows, but has no note of those it has read with its present text. -#}
{%- macro has_no_batches() -%}
    {%- for name in model.depends_on.nodes if '.base_crm__batches' in name -%}
        {{ return(run_query('select count(*) from ' ~ source('kept', 'batches_read') ~ " where model_name = '" ~ this.identifier
            ~ "' and right(checksum, 32) = '" ~ clientele.hash_of_model() ~ "'")[0][0] == 0) }}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro -%}

{#- Whether the model that asks goes by customers, but has not read every change of them, or too many, or under other rules. -#}
{%- macro has_unread_rules_or_changes() -%}
    {%- if model.config.incremental_strategy != 'replace_touched' -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set read = source('kept', 'changes_read') -%}
    {%- for table in clientele.tables_of_changes() -%}
        {%- set row = run_query('select changes_read.rules, count(*), count(*) filter (where changes.change_number > changes_read.change_number),'
            ~ ' coalesce(max(changes.change_number), 0) < max(changes_read.change_number)'
            ~ ' from ' ~ read ~ ' as changes_read left join ' ~ table ~ ' as changes on 1 = 1'
            ~ " where changes_read.model_name = '" ~ this.identifier ~ "' and changes_read.table_name = '" ~ table.identifier ~ "' group by changes_read.rules").rows -%}
        {#- a table of checksums that was built in full and is empty has no number #}
        {%- if not row or row[0][0] != clientele.rules_of_model() or row[0][2] * 3 > row[0][1] or row[0][3] -%}
            {{ return(true) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro -%}

{#- As dbt's own, and where a model that keeps its rows has to be built anew. -#}
{%- macro should_full_refresh() -%}
    {%- set is_asked = config.get('full_refresh') -%}
    {{ return((flags.FULL_REFRESH if is_asked is none else is_asked) or clientele.is_built_anew()) }}
{%- endmacro -%}

{#- Names of the models that a node reads, directly or not. names: list to add to; returns the list -#}
{%- macro models_before(node, names) -%}
    {%- for name in node.depends_on.nodes if name.startswith('model.') and name not in names -%}
        {%- do names.append(name) -%}
        {%- do clientele.models_before(graph.nodes[name], names) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro -%}

{#- A hash of what makes a model's rows beside its data: its text, that of all models before it and of macros, and the variables. -#}
{%- macro rules_of_model() -%}
    {%- set texts = [model.raw_code, clientele.hash_of_macros()] -%}
    {%- for name in clientele.models_before(model, []) | sort -%}
        {%- do texts.append(graph.nodes[name].raw_code) -%}
    {%- endfor -%}
    {%- for name in ['rfm_window_days', 'vip_definition', 'reporting_timezone', 'ecommerce_channels'] -%}
        {%- do texts.append(var(name) | string) -%}
    {%- endfor -%}
    {{ return(local_md5(texts | join('\n'))) }}
{%- endmacro -%}

{#-
    Notes, in the transaction that changed a model, the changes that it has read by now. Where it may have read other rows
    than the checksums are of nothing is noted, and the next build makes it anew. A post-hook.
-#}
{%- macro remember_changes() -%}
    {{ return(adapter.dispatch('remember_changes', 'clientele')()) }}
{%- endmacro -%}

{%- macro default__remember_changes() -%}
    {%- set read = source('kept', 'changes_read') -%}
    {%- if execute -%}
        {%- set rules_read = run_query('select max(rules) from ' ~ read ~ " where model_name = '" ~ this.identifier ~ "'")[0][0] -%}
        {%- if rules_read and rules_read != clientele.rules_of_model() and model.config.materialized == 'incremental' and not flags.FULL_REFRESH -%}
            {%- do print(this.identifier ~ ' was made anew: its text, that of a model before it or of a macro, or a variable is another one than in the build before.') -%}
        {%- endif -%}
    {%- endif -%}
    delete from {{ read }} where model_name = '{{ this.identifier }}'
    {%- if execute and clientele.has_read_what_was_counted() -%}
        {%- for table in clientele.tables_of_changes() -%}
            ;
            insert into {{ read }} (model_name, table_name, change_number, as_of_date, rules)
            select
                '{{ this.identifier }}',
                '{{ table.identifier }}',
                coalesce(max(changes.change_number), 0),
                (select as_of.as_of_date from {{ ref('int_as_of') }} as as_of),
                '{{ clientele.rules_of_model() }}'
            from {{ table }} as changes
        {%- endfor -%}
    {%- endif -%}
{%- endmacro -%}
