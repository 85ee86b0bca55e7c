{#-
    Makes `raw.<table>` for every table of the raw contract before the first model runs, so that staging can rely on
    every table and column being there. Runs on-run-start.
    CRM_RAW_PATH names the folder to read (default data/sample). Empty: nothing is mounted, the tables of schema `raw`
    are read as they are, and what is absent there is added: an empty table, a NULL column.
    returns  nothing
    errors   one sentence that names file and line, or file and column, and says what to do
-#}
{%- macro mount_raw() -%}
    {#- dbt compiles its hooks, and thereby runs them, for commands that only read what was built: those mount nothing. -#}
    {%- if execute and clientele.uses_database() -%}
        {%- if clientele.raw_path() == '' -%}
            {%- do clientele.complete_raw_tables() -%}
        {%- else -%}
            {%- do adapter.dispatch('mount_raw_files', 'clientele')(clientele.raw_path()) -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro -%}

{#- Mounts the raw files in the database of the target, without a run: scripts/load_raw.py reads files by it. -#}
{%- macro mount_raw_here() -%}
    {%- do adapter.dispatch('mount_raw_files', 'clientele')(clientele.raw_path()) -%}
{%- endmacro -%}

{#-
    Folder with the raw files, without a slash at its end; empty text where nothing is to be mounted. A relative path
    starts at the project, wherever dbt is run: DuckDB would take it from there.
-#}
{%- macro raw_path() -%}
    {%- set path = env_var('CRM_RAW_PATH', 'data/sample').rstrip('/') -%}
    {%- set starts_anywhere = path == '' or modules.re.match('[/\\\\~]|[A-Za-z][A-Za-z0-9+.-]*:', path) is not none -%}
    {{ return(path if starts_anywhere else invocation_args_dict['project_dir'] ~ '/' ~ path) }}
{%- endmacro -%}

{#- Name of the schema that holds the raw tables. -#}
{%- macro raw_schema() -%}
    {{ return(env_var('CRM_SCHEMA_PREFIX', '') ~ 'raw') }}
{%- endmacro -%}

{#- Stops the run with a sentence about the raw data. -#}
{%- macro refuse_raw(sentence) -%}
    {%- do exceptions.raise_compiler_error(sentence) -%}
{%- endmacro -%}

{#- Only DuckDB reads files; elsewhere they are loaded beforehand and the tables of schema `raw` are read as they are. -#}
{%- macro default__mount_raw_files(folder) -%}
    {%- do clientele.complete_raw_tables() -%}
{%- endmacro -%}

{%- macro duckdb__mount_raw_files(folder) -%}
    {%- if run_query('select current_database()')[0][0] != target.database -%}
        {%- do clientele.refuse_raw('DuckDB keeps the names main, system and temp for itself, so CRM_DATABASE cannot name a file ' ~ target.database ~ '.duckdb: give it another name.') -%}
    {%- endif -%}
    {%- set schema = clientele.raw_schema() -%}
    {%- set files_of = clientele.find_raw_files(folder) -%}
    {%- do clientele.check_raw_files(folder, files_of) -%}
    {%- do run_query('create schema if not exists ' ~ schema) -%}
    {%- set kind_of = {} -%}
    {%- for name, kind, comment in run_query("select table_name, 'table', comment from duckdb_tables() where database_name = current_database() and schema_name = " ~ clientele.sql_text(schema)
        ~ " union all select view_name, 'view', comment from duckdb_views() where database_name = current_database() and schema_name = " ~ clientele.sql_text(schema)) -%}
        {%- if name in files_of and comment != clientele.raw_mark() -%}
            {%- do clientele.refuse_raw('The ' ~ kind ~ ' ' ~ schema ~ '.' ~ name ~ ' is not of this project\'s making and would be replaced by the files in ' ~ folder ~ ': set CRM_RAW_PATH to an empty value to read it as it is, or let CRM_DATABASE name another database.') -%}
        {%- endif -%}
        {%- do kind_of.update({name: kind}) -%}
    {%- endfor -%}
    {%- set absent, viewed = [], {} -%}
    {%- for table in clientele.raw_tables() -%}
        {%- set contract = clientele.raw_contract(table) -%}
        {%- set files = files_of[table] -%}
        {%- set relation = schema ~ '.' ~ table -%}
        {%- if not files and contract.required -%}
            {%- do clientele.refuse_raw('The raw table ' ~ table ~ ' is required, but there is no ' ~ folder ~ '/' ~ table ~ '.csv, no ' ~ folder ~ '/' ~ table ~ '.parquet and no folder ' ~ folder ~ '/' ~ table ~ ' with either: CRM_RAW_PATH has to name the folder that holds it.') -%}
        {%- endif -%}
        {%- if table in kind_of -%}
            {%- do run_query('drop ' ~ kind_of[table] ~ ' ' ~ relation) -%}
        {%- endif -%}
        {%- if not files -%}
            {%- do absent.append(table) -%}
            {%- do clientele.create_marked('table', relation, 'select ' ~ clientele.raw_columns(contract, {}) ~ ' where false') -%}
        {%- elif files[0].endswith('.csv') -%}
            {%- do clientele.load_csv_files(relation, files, contract) -%}
        {%- else -%}
            {%- do clientele.view_parquet_files(relation, files, contract) -%}
            {%- if '://' not in folder -%}
                {%- do viewed.update({table: {'files': files, 'stamp': clientele.stamp_of_files(files)}}) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do graph.update({'viewed_' ~ invocation_id: viewed}) -%}
    {%- do log('Raw data: ' ~ folder ~ (' (absent, so empty: ' ~ absent | join(', ') ~ ')' if absent else ''), info=true) -%}
{%- endmacro -%}

{#- Size and time of some files, to the second, as one text. files: list of paths -#}
{%- macro stamp_of_files(files) -%}
    {%- set stamps = run_query("select string_agg(filename || ' ' || size || ' ' || last_modified, ', ' order by filename) from read_blob(" ~ clientele.sql_list(files) ~ ')') -%}
    {{ return(stamps[0][0]) }}
{%- endmacro -%}

{#-
    Whether the files that the model which asks reads through views, itself or by models before it, are those of the run's
    beginning: of files that were replaced in between nobody knows what it has read. Says of each table once that they were.
    Only files of this machine are looked at: elsewhere each look takes its time.
-#}
{%- macro has_same_files() -%}
    {%- set changed, tables = [], clientele.raw_tables_before(model) -%}
    {%- for table, viewed in graph.get('viewed_' ~ invocation_id, {}).items() if table in tables -%}
        {%- if clientele.stamp_of_files(viewed.files) != viewed.stamp -%}
            {%- do changed.append(table) -%}
            {%- if viewed.setdefault('told_by', model.unique_id) == model.unique_id -%}
                {%- do print('Raw data: files of ' ~ table ~ ' were replaced while this run read them: run dbt build once more, which reads them anew.') -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(not changed) }}
{%- endmacro -%}

{#- Names of the raw tables that a node reads, itself or by models before it. -#}
{%- macro raw_tables_before(node) -%}
    {%- set names = node.depends_on.nodes | list -%}
    {%- for name in clientele.models_before(node, []) -%}
        {%- do names.extend(graph.nodes[name].depends_on.nodes) -%}
    {%- endfor -%}
    {%- set tables = [] -%}
    {%- for name in names if name.startswith('source.clientele.crm.') -%}
        {%- do tables.append(name.split('.')[-1]) -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro -%}

{#- The mark on what the mount makes, so that it never drops what somebody else has loaded. -#}
{%- macro raw_mark() -%}
    {{ return('Made by clientele from the files that CRM_RAW_PATH names; made anew in every run.') }}
{%- endmacro -%}

{#-
    Makes a raw table or view and marks it, in one transaction: a build that is killed in between would leave a table that
    the next one takes for somebody else's.
    kind      table or view
    relation  text, its name
    query     SQL text of its rows
-#}
{%- macro create_marked(kind, relation, query) -%}
    {%- do run_query('begin; create ' ~ kind ~ ' ' ~ relation ~ ' as ' ~ query ~ '; comment on ' ~ kind ~ ' ' ~ relation ~ ' is ' ~ clientele.sql_text(clientele.raw_mark()) ~ '; commit') -%}
{%- endmacro -%}

{#-
    The files of each raw table.
    folder   text
    returns  a dict of table -> sorted list of paths, all of one kind; an empty list where the table is absent
    errors   a table that is there twice, as CSV and as Parquet or as file and as folder
-#}
{%- macro find_raw_files(folder) -%}
    {%- set patterns = [] -%}
    {%- for table in clientele.raw_tables() -%}
        {%- for pattern in [table ~ '.csv', table ~ '.parquet', table ~ '/*.csv', table ~ '/*.parquet'] -%}
            {%- do patterns.append("select '" ~ table ~ "', '" ~ pattern ~ "', file from glob(" ~ clientele.sql_text(clientele.literal_path(folder) ~ '/' ~ pattern) ~ ')') -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- set files_of, ways_of = {}, {} -%}
    {%- for table in clientele.raw_tables() -%}
        {%- do files_of.update({table: []}) -%}
        {%- do ways_of.update({table: []}) -%}
    {%- endfor -%}
    {%- for table, way, file in run_query(patterns | join(' union all ') ~ ' order by 1, 2, 3') -%}
        {%- do files_of[table].append(file) -%}
        {%- if way not in ways_of[table] -%}
            {%- do ways_of[table].append(way) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for table, ways in ways_of.items() if ways | length > 1 -%}
        {%- do clientele.refuse_raw('The raw table ' ~ table ~ ' is in ' ~ folder ~ ' more than once (' ~ ways | join(' and ') ~ '): keep one of them.') -%}
    {%- endfor -%}
    {#- A table in a form that is not read would count as absent without a word. -#}
    {%- set here = clientele.literal_path(folder) -%}
    {%- for file in run_query('select file from glob(' ~ clientele.sql_text(here ~ '/*') ~ ') union select file from glob(' ~ clientele.sql_text(here ~ '/*/*') ~ ') union select file from glob(' ~ clientele.sql_text(here ~ '/*/*/*') ~ ') order by 1').columns[0].values() -%}
        {%- set table = modules.re.split('[/.]', file[folder | length + 1:])[0] | lower -%}
        {%- if table in files_of and file not in files_of[table] -%}
            {%- do exceptions.warn('The file ' ~ file ~ ' is not read: a raw table is <table>.csv, <table>.parquet, or such files right in a folder <table>.') -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(files_of) }}
{%- endmacro -%}

{#-
    Stops the run with a sentence about the first file that DuckDB would refuse with words of its own, or pass over: no
    Parquet, mixed line endings, no right to read it, a folder in its place. A profile without the plugin
    (plugins/clientele_duckdb.py) leaves that to DuckDB.
    folder    text
    files_of  dict of table -> list of paths
-#}
{%- macro check_raw_files(folder, files_of) -%}
    {%- if run_query("select count(*) from duckdb_functions() where function_name = 'raw_file_fault'")[0][0] -%}
        {#- what the search has passed over too: a folder that this user may not read, a link to nothing -#}
        {%- set files = [] -%}
        {%- for table, paths in files_of.items() -%}
            {%- for path in (paths + [folder ~ '/' ~ table, folder ~ '/' ~ table ~ '.csv', folder ~ '/' ~ table ~ '.parquet']) | unique -%}
                {%- do files.append(clientele.sql_text(path)) -%}
            {%- endfor -%}
        {%- endfor -%}
        {%- for file, fault in run_query('select file, raw_file_fault(file) as fault from (select unnest([' ~ files | join(', ') ~ "]) as file) as files where fault <> '' order by file limit 1") -%}
            {%- do clientele.refuse_raw(fault) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro -%}

{#-
    Loads CSV files as text into a table; the dialect is pinned, nothing is sniffed. A table, not a view: a CSV file is
    parsed once a run, and a broken line is found before the first model.
    relation  text, the table to create
    files     list of paths
    contract  dict of macro raw_contract
    errors    an empty file, a doubled or missing column, a broken line, another encoding than UTF-8; the table is not left behind
-#}
{%- macro load_csv_files(relation, files, contract) -%}
    {%- set dialect = "auto_detect = false, delim = ',', quote = '\"', escape = '\"', strict_mode = true, max_line_size = 16777216" -%}
    {#- Files with one header are read together, so that a folder of a thousand daily files is one scan. -#}
    {%- set files_by_header = {} -%}
    {%- for file in files -%}
        {%- set header = clientele.csv_header(file, contract) | join('\n') -%}
        {%- do files_by_header.setdefault(header, []).append(file) -%}
    {%- endfor -%}
    {%- set scans = [] -%}
    {%- for header, files_of_header in files_by_header.items() -%}
        {%- set names = header.split('\n') -%}
        {%- do clientele.note_other_columns(clientele.named_files(files_of_header), names, contract) -%}
        {%- set positions, sources = [], {} -%}
        {%- for name in names -%}
            {%- do positions.append("'field_" ~ loop.index ~ "': 'varchar'") -%}
            {%- do sources.update({name: 'field_' ~ loop.index}) -%}
        {%- endfor -%}
        {%- do scans.append('select ' ~ clientele.raw_columns(contract, sources)
            ~ ' from read_csv(' ~ clientele.sql_list(files_of_header) ~ ', header = true, ' ~ dialect
            ~ ', columns = {' ~ positions | join(', ') ~ "}, store_rejects = true, rejects_table = 'csv_errors', rejects_scan = 'csv_scans')") -%}
    {%- endfor -%}
    {%- do clientele.create_marked('table', relation, scans | join(' union all ')) -%}
    {%- set broken = run_query('select scan.file_path, error.line, error.error_type, error.error_message from csv_errors as error inner join csv_scans as scan on error.scan_id = scan.scan_id and error.file_id = scan.file_id order by 1, 2, 4 limit 1') -%}
    {%- do run_query('drop table csv_errors') -%}
    {%- do run_query('drop table csv_scans') -%}
    {%- for file, line, error_type, error_message in broken -%}
        {%- set what = {
            'MISSING COLUMNS': 'has fewer fields than the header',
            'TOO MANY COLUMNS': 'has more fields than the header',
            'UNQUOTED VALUE': 'has a double quote that is not closed, text after a closing one, or another line ending than the header',
            'INVALID ENCODING': 'is not UTF-8',
            'LINE SIZE OVER MAXIMUM': 'is longer than 16 MB'
        }.get(error_type, 'cannot be read (' ~ error_message ~ ')') -%}
        {%- do run_query('drop table ' ~ relation) -%}
        {%- do clientele.refuse_raw('The raw file ' ~ file ~ ' cannot be read: line ' ~ line ~ ' ' ~ what ~ '. Mend the line; the file has to be UTF-8 with commas, double quotes and a header.') -%}
    {%- endfor -%}
    {%- for header, files_of_header in files_by_header.items() -%}
        {%- do clientele.check_csv_row_ends(relation, files_of_header, header.split('\n') | length, dialect) -%}
    {%- endfor -%}
{%- endmacro -%}

{#-
    Stops the run where a row has empty fields beyond the header's last. DuckDB passes over them, but a decimal comma
    (1010,50 before an empty field) comes this way too. Read with one column more, only such rows are left.
    relation     text, table that was loaded; it is dropped again
    files        list of paths with one header
    field_count  fields in that header
    dialect      options of read_csv
-#}
{%- macro check_csv_row_ends(relation, files, field_count, dialect) -%}
    {%- set positions, patterns = [], [] -%}
    {%- for number in range(1, field_count + 2) -%}
        {%- do positions.append("'field_" ~ number ~ "': 'varchar'") -%}
    {%- endfor -%}
    {%- for number in range(1, field_count + 1) -%}
        {%- do patterns.append("'\"?' || regexp_escape(replace(coalesce(field_" ~ number ~ ", ''), '\"', '\"\"')) || '\"?,'") -%}
    {%- endfor -%}
    {%- for file, pattern in run_query("select filename, '^' || " ~ patterns | join(' || ') ~ ' from read_csv(' ~ clientele.sql_list(files) ~ ', header = true, ' ~ dialect
        ~ ', columns = {' ~ positions | join(', ') ~ '}, filename = true, ignore_errors = true) order by all limit 1') -%}
        {#- The reader does not tell the line; it is looked for only now. -#}
        {%- do run_query('set preserve_insertion_order = true') -%}
        {%- set lines = run_query("select line_number from (select line, row_number() over () as line_number from read_csv(" ~ clientele.sql_text(clientele.literal_path(file))
            ~ ", header = false, auto_detect = false, delim = chr(31), quote = '', escape = '', columns = {'line': 'varchar'}, strict_mode = false, max_line_size = 16777216)) as lines where regexp_matches(line, "
            ~ clientele.sql_text(pattern) ~ ') order by 1 limit 1') -%}
        {%- do run_query('drop table ' ~ relation) -%}
        {%- do clientele.refuse_raw('The raw file ' ~ file ~ ' cannot be read: ' ~ ('line ' ~ lines[0][0] if lines | length > 0 else 'a line') ~ ' has more fields than the header, the last one empty. Mend the line: take the comma at its end away, or quote the value that holds a comma.') -%}
    {%- endfor -%}
{%- endmacro -%}

{#-
    Column names of a CSV file, lower-cased, after they were held against the contract.
    file, contract  as for load_csv_files
    returns  list of text
-#}
{%- macro csv_header(file, contract) -%}
    {#- One field a line, so that the header comes as it was written. -#}
    {%- set lines = run_query("select line from read_csv(" ~ clientele.sql_text(clientele.literal_path(file)) ~ ", header = false, auto_detect = false, delim = chr(31), quote = '', escape = '', columns = {'line': 'varchar'}, strict_mode = false, store_rejects = true, rejects_table = 'header_errors', rejects_scan = 'header_scans', max_line_size = 16777216) limit 1") -%}
    {%- do run_query('drop table header_errors') -%}
    {%- do run_query('drop table header_scans') -%}
    {%- if lines | length == 0 or lines[0][0] is none -%}
        {%- do clientele.refuse_raw('The raw file ' ~ file ~ ' is empty or begins with an empty line: it needs a header line with the names of its columns.') -%}
    {%- endif -%}
    {%- set names = [] -%}
    {#- A comma parts two names where an even number of quotes follows it. -#}
    {%- for name in modules.re.split(',(?=(?:[^"]*"[^"]*")*[^"]*$)', lines[0][0]) -%}
        {%- do names.append(name.strip().strip('"').strip() | lower) -%}
    {%- endfor -%}
    {#- A line that is not UTF-8 is passed over here, so that the names may be the values of the next one. -#}
    {%- if not names | select('in', contract.columns | map(attribute='name') | list) | list -%}
        {%- do clientele.refuse_raw('The header of the raw file ' ~ file ~ ' cannot be read: it names no column of its table, of which ' ~ contract.key[0] ~ ' is required (it reads: ' ~ names | join(', ') | replace('\x00', '') ~ '). The file has to be UTF-8 with commas, double quotes and a header.') -%}
    {%- endif -%}
    {%- for column in contract.columns if names.count(column.name) > 1 -%}
        {%- do clientele.refuse_doubled_column(file, column.name) -%}
    {%- endfor -%}
    {%- do clientele.check_raw_columns(file, names, contract) -%}
    {{ return(names) }}
{%- endmacro -%}

{#-
    Puts a view over Parquet files; they are read where they lie.
    relation, files, contract  as for load_csv_files
    errors   a missing column, a key stored as floating point, a column stored as text here and otherwise there
-#}
{%- macro view_parquet_files(relation, files, contract) -%}
    {%- set names, types, files_by_names = {}, {}, {} -%}
    {%- for file in files -%}
        {%- set literal = clientele.sql_text(clientele.literal_path(file)) -%}
        {#- of a doubled column DuckDB would read the first -#}
        {%- for doubled in run_query('select lower(path_in_schema) from parquet_metadata(' ~ literal ~ ') where row_group_id = 0 group by 1 having count(*) > 1 order by 1') if doubled[0] in contract.columns | map(attribute='name') -%}
            {%- do clientele.refuse_doubled_column(file, doubled[0]) -%}
        {%- endfor -%}
        {%- set columns = run_query('describe select * from read_parquet(' ~ literal ~ ', hive_partitioning = false)').columns -%}
        {%- set names_of_file = columns[0].values() | map('lower') | list -%}
        {%- do clientele.check_raw_columns(file, names_of_file, contract) -%}
        {%- do files_by_names.setdefault(names_of_file | join('\n'), []).append(file) -%}
        {%- for name in names_of_file -%}
            {%- do clientele.check_raw_key_type(file, name, columns[1].values()[loop.index0], contract) -%}
            {%- do names.update({name: adapter.quote(name)}) -%}
            {%- do types.setdefault(name, {}).update({columns[1].values()[loop.index0]: file}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for names_of_files, files_of_names in files_by_names.items() -%}
        {%- do clientele.note_other_columns(clientele.named_files(files_of_names), names_of_files.split('\n'), contract) -%}
    {%- endfor -%}
    {#- Together with text these would be read by the text that DuckDB writes for them, which is another one. -#}
    {%- for column in contract.columns -%}
        {%- for type in ['TIMESTAMP WITH TIME ZONE', 'DOUBLE', 'FLOAT'] if column.type != 'text' and type in types.get(column.name, {}) and 'VARCHAR' in types[column.name] -%}
            {%- do clientele.refuse_raw('The column ' ~ column.name ~ ' is stored as text in ' ~ types[column.name]['VARCHAR'] ~ ' and as ' ~ type ~ ' in ' ~ types[column.name][type] ~ ': store it alike in all files of a table.') -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- do clientele.create_marked('view', relation, 'select ' ~ clientele.raw_columns(contract, names) ~ ' from read_parquet(' ~ clientele.sql_list(files) ~ ', union_by_name = true, hive_partitioning = false)') -%}
{%- endmacro -%}

{#-
    Makes the tables of schema `raw` complete where they are the user's own: an absent table is created empty, an absent
    optional column is added as NULL.
    errors   an absent required table or column, a key stored as floating point
-#}
{%- macro complete_raw_tables() -%}
    {%- set schema = clientele.raw_schema() -%}
    {%- for table in clientele.raw_tables() -%}
        {%- set contract = clientele.raw_contract(table) -%}
        {%- set relation = adapter.get_relation(database=target.database, schema=schema, identifier=table) -%}
        {%- if relation is none -%}
            {%- if contract.required -%}
                {%- do clientele.refuse_raw('The table ' ~ schema ~ '.' ~ table ~ ' is required, but it is not in the database: ' ~ adapter.dispatch('how_to_load_raw', 'clientele')() ~ '.') -%}
            {%- endif -%}
            {%- do run_query('create schema if not exists ' ~ schema) -%}
            {%- do run_query('create table ' ~ schema ~ '.' ~ table ~ ' as select ' ~ clientele.raw_columns(contract, {}) ~ ' where 1 = 0') -%}
            {%- do adapter.dispatch('mark_raw_table', 'clientele')(schema ~ '.' ~ table) -%}
        {%- else -%}
            {%- set columns = adapter.get_columns_in_relation(relation) -%}
            {%- set names = columns | map(attribute='name') | map('lower') | list -%}
            {%- do clientele.check_raw_columns(schema ~ '.' ~ table, names, contract) -%}
            {%- do clientele.note_other_columns(schema ~ '.' ~ table, names, contract) -%}
            {%- for column in columns -%}
                {%- do clientele.check_raw_key_type(schema ~ '.' ~ table, column.name | lower, column.data_type, contract) -%}
            {%- endfor -%}
            {%- for column in contract.columns if column.name not in names -%}
                {%- if relation.is_view -%}
                    {%- do clientele.refuse_raw('The view ' ~ schema ~ '.' ~ table ~ ' has no column ' ~ column.name ~ ': add it to the view, as NULL where the source does not have it.') -%}
                {%- endif -%}
                {%- do run_query('alter table ' ~ schema ~ '.' ~ table ~ ' add column ' ~ column.name ~ ' ' ~ dbt.type_string()) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do adapter.dispatch('keep_completed_tables', 'clientele')() -%}
{%- endmacro -%}

{#- What to do where a raw table is absent, in words. -#}
{%- macro default__how_to_load_raw() -%}
    {{ return('load it, or let CRM_RAW_PATH name a folder with raw files') }}
{%- endmacro -%}

{#- Lets the load command fill a table that was made because it was absent; only where there is such a command. -#}
{%- macro default__mark_raw_table(relation) -%}
{%- endmacro -%}

{#- Looking up a table opens a transaction, which dbt would roll back after the hook. -#}
{%- macro default__keep_completed_tables() -%}
    {%- do adapter.commit() -%}
{%- endmacro -%}

{#- Stops the run where a raw file has a column more than once. file, name: text -#}
{%- macro refuse_doubled_column(file, name) -%}
    {%- do clientele.refuse_raw('The raw file ' ~ file ~ ' has the column ' ~ name ~ ' more than once: keep one of them.') -%}
{%- endmacro -%}

{#- Stops the run where a required column is absent. place: file or table, for the sentence; names: list of text. -#}
{%- macro check_raw_columns(place, names, contract) -%}
    {%- for column in contract.columns if column.required and column.name not in names -%}
        {%- do clientele.refuse_raw('The required column ' ~ column.name ~ ' is absent from ' ~ place ~ ': its columns are ' ~ names | join(', ') ~ '.') -%}
    {%- endfor -%}
{%- endmacro -%}

{#-
    Says that columns are absent where there are others that nothing reads: one of these may be one of those under another
    name. Who has all columns, or no others, is told nothing.
    place, names, contract  as for check_raw_columns
-#}
{%- macro note_other_columns(place, names, contract) -%}
    {%- set known = contract.columns | map(attribute='name') | list -%}
    {%- set absent, others = known | reject('in', names) | list, names | reject('in', known) | list -%}
    {%- if absent and others -%}
        {%- do print('Raw data: columns of ' ~ place ~ ': absent and so NULL: ' ~ absent | join(', ') ~ '; read by nothing: ' ~ others[:5] | join(', ')
            ~ (', …' if others | length > 5 else '') ~ '. Where one is another under a new name, rename it.') -%}
    {%- endif -%}
{%- endmacro -%}

{#- The first of some files, and how many more there are, in words. files: list of paths -#}
{%- macro named_files(files) -%}
    {{ return(files[0] ~ (' and ' ~ clientele.counted(files | length - 1, 'file more', 'files more') if files | length > 1 else '')) }}
{%- endmacro -%}

{#- Stops the run where a key is stored as floating point: 1e16 + 1 is 1e16 there, and two customers would be one. -#}
{%- macro check_raw_key_type(place, name, data_type, contract) -%}
    {%- set keys = contract.columns | selectattr('references') | map(attribute='name') | list + contract.key -%}
    {%- if name in keys and data_type | lower in ['float', 'double', 'real', 'double precision'] -%}
        {%- do clientele.refuse_raw('The key ' ~ name ~ ' of ' ~ place ~ ' is stored as floating point (' ~ data_type ~ '), which cannot tell large keys apart: store it as text or as an integer.') -%}
    {%- endif -%}
{%- endmacro -%}

{#-
    Select list of a raw table, in the contract's order.
    contract  dict of macro raw_contract
    sources   dict of column name -> SQL that gives it; a column that is not in it becomes a NULL text
-#}
{%- macro raw_columns(contract, sources) -%}
    {%- set expressions = [] -%}
    {%- for column in contract.columns -%}
        {%- do expressions.append(sources.get(column.name, 'cast(null as ' ~ dbt.type_string() ~ ')') ~ ' as ' ~ column.name) -%}
    {%- endfor -%}
    {{ return(expressions | join(', ')) }}
{%- endmacro -%}

{#- Text as a SQL literal. -#}
{%- macro sql_text(value) -%}
    {{ return(adapter.dispatch('sql_text', 'clientele')(value)) }}
{%- endmacro -%}

{%- macro default__sql_text(value) -%}
    {{ return("'" ~ value | string | replace("'", "''") ~ "'") }}
{%- endmacro -%}

{#- A path in which *, ? and [ stand for themselves; DuckDB takes every path for a pattern. -#}
{%- macro literal_path(path) -%}
    {{ return(modules.re.sub('([*?[])', '[\\1]', path)) }}
{%- endmacro -%}

{#- A list of paths as a DuckDB list literal. -#}
{%- macro sql_list(values) -%}
    {%- set literals = [] -%}
    {%- for value in values -%}
        {%- do literals.append(clientele.sql_text(clientele.literal_path(value))) -%}
    {%- endfor -%}
    {{ return('[' ~ literals | join(', ') ~ ']') }}
{%- endmacro -%}
