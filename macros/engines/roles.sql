{#-
    Who may do what where the engine knows roles (docs/engines.md has the same as a table). Whoever is not listed reads nothing.
    returns  a dict of role -> dict of
               reads   schemas it may read every relation of
               floor   schemas it may read the relations of that dbt_project.yml tags `service_floor`
               writes  schemas whose tables it may fill, and so read
-#}
{%- macro roles() -%}
    {{ return({
        'crm_executive': {'reads': ['marts', 'pii'], 'floor': [], 'writes': []},
        'crm_analyst': {'reads': ['marts'], 'floor': [], 'writes': []},
        'crm_service': {'reads': [], 'floor': ['marts', 'pii'], 'writes': []},
        'crm_loader': {'reads': [], 'floor': [], 'writes': ['raw']}
    }) }}
{%- endmacro -%}

{#- Roles that may read a relation. schema: text, without CRM_SCHEMA_PREFIX; tags: list of the model's tags; returns a list of text. -#}
{%- macro readers_of(schema, tags) -%}
    {%- set readers = [] -%}
    {%- for role, rights in clientele.roles().items() if schema in rights.reads or (schema in rights.floor and 'service_floor' in tags) -%}
        {%- do readers.append(role) -%}
    {%- endfor -%}
    {{ return(readers) }}
{%- endmacro -%}

{#-
    Makes the roles where they are missing and opens the schemas to those who have something to read there. Runs on-run-start;
    nothing where the engine has no roles.
-#}
{%- macro keep_roles() -%}
    {%- if execute and clientele.uses_database() -%}
        {%- do adapter.dispatch('keep_roles', 'clientele')() -%}
    {%- endif -%}
{%- endmacro -%}

{%- macro default__keep_roles() -%}
{%- endmacro -%}

{#-
    Hands a relation over to its readers: runs as a post-hook of everything that is built, in the transaction that replaces it, so
    that nobody is shut out or let in for a moment.
    returns  SQL text, empty where the engine has neither roles nor statistics to take
-#}
{%- macro hand_over() -%}
    {%- if execute -%}
        {{ return(adapter.dispatch('hand_over', 'clientele')()) }}
    {%- endif -%}
{%- endmacro -%}

{%- macro default__hand_over() -%}
    {{ return('') }}
{%- endmacro -%}

{#- Prints who may read each relation as JSON, name -> list of roles: scripts/export_marts.py asks for it. -#}
{%- macro print_readers() -%}
    {%- set readers = {} -%}
    {%- set prefix = env_var('CRM_SCHEMA_PREFIX', '') -%}
    {%- for node in graph.nodes.values() if node.resource_type in ['model', 'snapshot'] and node.package_name == 'clientele' -%}
        {%- do readers.update({node.schema ~ '.' ~ node.alias: clientele.readers_of(node.schema[prefix | length:], node.tags)}) -%}
    {%- endfor -%}
    {{ print(tojson(readers)) }}
{%- endmacro -%}
