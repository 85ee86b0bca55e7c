{#-
    Prints the one line that an operator reads after a run: what the rows of the data became, what was built, how long
    it took, and, where something failed, what to do; and keeps it as a row of run_history. Runs on-run-end; `--quiet` leaves
    it in.
    results  list of dbt's run results
    returns  nothing
-#}
{%- macro report_run(results) -%}
    {%- if execute and (clientele.is_build() or flags.WHICH == 'test') -%}
        {%- set nodes = results | selectattr('node.resource_type', 'in', ['model', 'seed', 'snapshot', 'test', 'unit_test']) | list -%}
        {%- set failed = nodes | selectattr('status', 'in', ['error', 'fail', 'runtime error', 'partial success']) | list -%}
        {%- set names_of_built = nodes | selectattr('node.resource_type', 'equalto', 'model') | selectattr('status', 'equalto', 'success') | map(attribute='node.name') | list -%}
        {%- set marts = nodes | selectattr('node.resource_type', 'in', ['model', 'snapshot']) | selectattr('status', 'equalto', 'success') | selectattr('node.schema', 'in', [env_var('CRM_SCHEMA_PREFIX', '') ~ 'marts', env_var('CRM_SCHEMA_PREFIX', '') ~ 'pii']) | list -%}
        {%- set timings = results | map(attribute='timing') | sum(start=[]) -%}
        {%- set started_at = timings | map(attribute='started_at') | select | list -%}
        {%- set completed_at = timings | map(attribute='completed_at') | select | list -%}
        {%- set seconds = (completed_at | max - started_at | min).total_seconds() | round(0) | int if started_at and completed_at else 0 -%}
        {%- set parts = [
            clientele.counted(nodes | length, 'step', 'steps') ~ ' in ' ~ seconds ~ ' s',
            clientele.counted(marts | length, 'mart', 'marts') ~ ' built',
            failed | length ~ ' failed',
            clientele.counted(nodes | selectattr('status', 'equalto', 'warn') | list | length, 'warning', 'warnings')
        ] -%}
        {%- set skipped = nodes | selectattr('status', 'equalto', 'skipped') | list -%}
        {%- if skipped -%}
            {%- do parts.append(skipped | length ~ ' skipped') -%}
        {%- endif -%}
        {#- where the database ended a step with an error it may be gone, so the line does without what it would tell -#}
        {%- set is_whole = not failed | rejectattr('status', 'equalto', 'fail') | list -%}
        {%- set is_counted = 'build_summary' in names_of_built -%}
        {%- set kind = clientele.kind_of_failures(failed) -%}
        {%- do print('clientele: ' ~ (clientele.counted_rows() if is_whole and is_counted else '') ~ parts | join(', ') ~ '.') -%}
        {%- if failed -%}
            {%- do print('clientele: ' ~ clientele.advice_on_failures(failed, kind)) -%}
        {%- endif -%}
        {%- if clientele.is_build() and completed_at and (not kind or kind.leaves_database) -%}
            {%- do clientele.record_run(
                completed_at | max,
                [seconds, nodes | length, marts | length, failed | length, nodes | selectattr('status', 'equalto', 'warn') | list | length],
                is_counted
            ) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro -%}

{#-
    Adds a row to the table of runs, which run_history shows. Times are dbt's own; SQL asks for none.
    completed_at  datetime in UTC
    figures       list of integers: seconds, steps, marts, failed, warnings
    is_counted    whether build_summary was built, so that the row tells what became of the raw rows
-#}
{%- macro record_run(completed_at, figures, is_counted) -%}
    {%- set columns = ["'" ~ invocation_id ~ "'", "'" ~ flags.WHICH ~ "'", "cast('" ~ completed_at.strftime('%Y-%m-%d %H:%M:%S') ~ "' as timestamp)"] + figures -%}
    {%- for counts in ['row_count', 'accepted_count', 'superseded_count', 'rejected_count + rejected_erased_count'] -%}
        {%- do columns.append('cast(' ~ ('sum(' ~ counts ~ ')' if is_counted else 'null') ~ ' as bigint)') -%}
    {%- endfor -%}
    {%- do run_query('insert into ' ~ source('kept', 'runs') ~ ' select ' ~ columns | join(', ')
        ~ (' from ' ~ env_var('CRM_SCHEMA_PREFIX', '') ~ 'marts.build_summary' if is_counted else '')) -%}
    {%- do adapter.dispatch('keep_what_hook_did', 'clientele')() -%}
{%- endmacro -%}

{#- What became of the transactions, as words that end in a semicolon. -#}
{%- macro counted_rows() -%}
    {%- for row_count, accepted, superseded, rejected in run_query('select row_count, accepted_count, superseded_count, rejected_count + rejected_erased_count from ' ~ env_var('CRM_SCHEMA_PREFIX', '') ~ "marts.build_summary where table_name = 'transactions'") -%}
        {{ return(clientele.counted(row_count | int, 'transaction', 'transactions') ~ ' in, ' ~ '{:,} accepted, {:,} superseded, {:,} rejected; '.format(accepted | int, superseded | int, rejected | int)) }}
    {%- endfor -%}
    {{ return('') }}
{%- endmacro -%}

{#- A number with its noun. number: integer; one, many: text. -#}
{%- macro counted(number, one, many) -%}
    {{ return('{:,} '.format(number) ~ (one if number == 1 else many)) }}
{%- endmacro -%}

{#-
    The first kind of failure that is found in what the engine said.
    failed   list of dbt's run results
    returns  dict: to_do, a clause; leaves_database, whether it is there and has room for a row of run_history; none where no kind is known
-#}
{%- macro kind_of_failures(failed) -%}
    {%- set lines = [] -%}
    {%- for message in failed | map(attribute='message') | map('string') -%}
        {#- what dbt adds names the step's own file, which may be a seed's, and compiled SQL -#}
        {%- for line in message.split('\n') if not modules.re.search('^[A-Za-z ]* in (seed|model|snapshot|test|unit_test) |compiled code at ', line) -%}
            {%- do lines.append(line) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set said = lines | join(' ') -%}
    {%- set kinds = [
        ('connection to server|server closed|terminating connection|connection already closed|failed to connect|TSocket|Broken pipe|Connection re(set|fused)', false, 'the database server went away or ended the connection: see that it runs, its own log says why, then run dbt again'),
        ('LOCATION_ALREADY_EXISTS', true, 'Spark went away while it wrote this table and left its folder, which the message above names: remove that folder, then run dbt again'),
        ('No space left|Disk quota|File too large', false, 'the disk of the database is full: make room, then run dbt again'),
        ('max_temp_directory_size|offload|spill', false, 'the disk has no room for what does not fit into memory: make room beside the database, or let CRM_MEMORY_LIMIT name more memory, then run dbt again'),
        ('Out of Memory|could not allocate', false, 'memory is short: let CRM_MEMORY_LIMIT name more, then run dbt again'),
        ('Corrupt|computed checksum|INTERNAL Error|FATAL Error|has been invalidated', false, 'the database is damaged: put the last backup in its place (docs/operations.md), then run dbt again'),
        (modules.re.escape(clientele.raw_path() or 'no raw files') ~ '/[^"]*[.](parquet|csv)', true, 'a raw file cannot be read, as the message above says: write the file anew, then run dbt again')
    ] -%}
    {%- for pattern, leaves_database, to_do in kinds if modules.re.search(pattern, said) -%}
        {{ return({'to_do': to_do, 'leaves_database': leaves_database}) }}
    {%- endfor -%}
    {{ return(none) }}
{%- endmacro -%}

{#-
    What to do about failures, in words.
    failed   list of dbt's run results
    kind     what macro kind_of_failures says of them
    returns  text, one sentence or two
-#}
{%- macro advice_on_failures(failed, kind) -%}
    {%- set names = failed | map(attribute='node.name') | list -%}
    {%- set first = names[:3] | join(', ') ~ (' and ' ~ (names | length - 3) ~ ' more' if names | length > 3 else '') -%}
    {%- if kind -%}
        {{ return(first ~ ' failed; ' ~ kind.to_do ~ '. Marts that were not built anew hold what the last build gave them.') }}
    {%- endif -%}
    {%- if failed | rejectattr('node.resource_type', 'in', ['test', 'unit_test']) | list -%}
        {{ return(first ~ ' failed, as the messages above say. Marts that were not built anew hold what the last build gave them.') }}
    {%- endif -%}
    {{ return(first ~ ' failed: what these tests say of the marts does not hold; the messages above name the query that shows the rows.') }}
{%- endmacro -%}
