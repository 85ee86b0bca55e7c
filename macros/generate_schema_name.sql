{#-
    Name of the schema a node is built in: CRM_SCHEMA_PREFIX, then the schema the project gives it (dbt would put the
    target's schema in front), so that people and CI can share a database.
    custom_schema_name  text or none; none gives the target's own schema
    node                the node, as dbt hands it over (not used)
    returns             text
-#}
{%- macro generate_schema_name(custom_schema_name, node) -%}
    {{ env_var('CRM_SCHEMA_PREFIX', '') }}{{ (custom_schema_name or target.schema) | trim }}
{%- endmacro -%}
