{#-
    The raw contract of one table, read from models/staging/crm/_crm__sources.yml, so that it stands nowhere else.
    table    text, name of a table of source `crm`
    returns  a dict: key (list of columns), newest (list of stamps), event (column or none), required (boolean),
             columns (list of dicts: name, type, required, lower, accepted_values, default, range_by, references).
             While dbt parses the project the graph is not there yet: an empty dict.
-#}
{%- macro raw_contract(table) -%}
    {%- for source in graph.get('sources', {}).values() if source.package_name == 'clientele' and source.source_name == 'crm' and source.name == table -%}
        {%- set rules = source.config.get('meta', {}) -%}
        {%- set columns = [] -%}
        {%- for column in source.columns.values() -%}
            {%- set meta = column.config.get('meta', {}) -%}
            {%- do columns.append({
                'name': column.name,
                'type': column.data_type,
                'required': meta.get('required', false),
                'lower': meta.get('lower', false),
                'accepted_values': meta.get('accepted_values'),
                'default': meta.get('default'),
                'range_by': meta.get('range_by'),
                'references': meta.get('references')
            }) -%}
        {%- endfor -%}
        {{ return({
            'key': rules['key'],
            'newest': rules.get('newest', ['loaded_at']),
            'event': rules.get('event'),
            'required': rules.get('required', false),
            'columns': columns
        }) }}
    {%- endfor -%}
    {{ return({}) }}
{%- endmacro -%}

{#- Names of all tables of the raw contract, in its order; empty while dbt parses. -#}
{%- macro raw_tables() -%}
    {%- set tables = [] -%}
    {%- for source in graph.get('sources', {}).values() if source.package_name == 'clientele' and source.source_name == 'crm' -%}
        {%- do tables.append(source.name) -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro -%}

{#-
    Names of the raw tables for models that go through all of them. dbt has to see a model's refs while it parses, when
    the contract is not there yet, so the names stand here once more; a test holds them against the contract.
-#}
{%- macro raw_table_names() -%}
    {{ return([
        'transactions', 'transaction_lines', 'customers', 'customer_merges', 'products', 'branches', 'campaigns',
        'campaign_contacts', 'interactions', 'leads', 'surveys', 'marketing_spend', 'erasure_requests'
    ]) }}
{%- endmacro -%}

{#- Names of the columns of a raw table that become NULL where a value is not of their type. table: text. -#}
{%- macro optional_typed_columns(table) -%}
    {{ return(clientele.raw_contract(table).get('columns', []) | rejectattr('type', 'equalto', 'text') | rejectattr('required') | map(attribute='name') | list) }}
{%- endmacro -%}

{#- Names of the columns of a raw table that hold a customer's key. table: text. -#}
{%- macro raw_customer_columns(table) -%}
    {%- set names = clientele.raw_contract(table).get('columns', []) | map(attribute='name') -%}
    {{ return(names | select('in', ['customer_id', 'duplicate_customer_id']) | list) }}
{%- endmacro -%}

{#- What data_quality counts of one raw table: names of its checks, a list of text. table: text, name of a raw table. -#}
{%- macro raw_row_checks(table) -%}
    {%- set checks = ['rows', 'superseded', 'rejected'] + (['rejected_erased'] if clientele.raw_customer_columns(table) else []) -%}
    {%- for name in clientele.optional_typed_columns(table) -%}
        {%- do checks.append(name ~ '_invalid') -%}
    {%- endfor -%}
    {{ return(checks + clientele.accepted_row_checks(table)) }}
{%- endmacro -%}

{#- Those of them that are counted in the accepted rows. -#}
{%- macro accepted_row_checks(table) -%}
    {%- set checks = ['accepted'] -%}
    {%- for column in clientele.raw_contract(table).get('columns', []) if column.references -%}
        {%- do checks.append(column.name ~ '_unknown') -%}
    {%- endfor -%}
    {{ return(checks) }}
{%- endmacro -%}
