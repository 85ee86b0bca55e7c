{#-
    Name of the schema a node is built in: CRM_SCHEMA_PREFIX, then the schema the project gives it (dbt would put the
    target's schema in front), so that people and CI can share a database.
    custom_schema_name  text or none; none gives the target's own schema
    node                the node, as dbt hands it over (not used)
    returns             text
    errors              a compiler error where the prefix is no name, or, on some engines, not the same one unquoted
-#}
{%- macro generate_schema_name(custom_schema_name, node) -%}
    {%- set prefix = env_var('CRM_SCHEMA_PREFIX', '') -%}
    {%- if not clientele.is_text_like(prefix, '([a-z_][a-z0-9_]*)?') -%}
        {%- do exceptions.raise_compiler_error('CRM_SCHEMA_PREFIX takes lower-case letters, digits and underscores, no digit first, such as ci_; it was given: ' ~ prefix ~ '. Mend it, then run dbt again.') -%}
    {%- endif -%}
    {{ prefix }}{{ (custom_schema_name or target.schema) | trim }}
{%- endmacro -%}
