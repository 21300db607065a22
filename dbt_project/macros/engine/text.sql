{# Text as a literal; a quote inside is doubled on DuckDB and escaped on Spark. #}
{% macro text_literal(value) -%} {{ return(adapter.dispatch('text_literal')(value)) }} {%- endmacro %}

{% macro duckdb__text_literal(value) -%} '{{ value | string | replace("'", "''") }}' {%- endmacro %}

{% macro spark__text_literal(value) -%}
    '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}

{# A value of a JSON object as text; null where there is none. #}
{% macro json_text(json, name) -%} {{ return(adapter.dispatch('json_text')(json, name)) }} {%- endmacro %}

{% macro duckdb__json_text(json, name) -%}
    nullif(trim(json_extract_string({{ json }}, '$.{{ name }}')), '')
{%- endmacro %}

{% macro spark__json_text(json, name) -%} nullif(trim(get_json_object({{ json }}, '$.{{ name }}')), '') {%- endmacro %}

{# One number of 64 bits for the values of a row, equal for equal values; what it is may change with the engine's version. #}
{% macro row_hash(columns) -%} {{ return(adapter.dispatch('row_hash')(columns)) }} {%- endmacro %}

{% macro duckdb__row_hash(columns) -%} hash({{ columns | join(', ') }}) {%- endmacro %}

{% macro spark__row_hash(columns) -%} xxhash64({{ columns | join(', ') }}) {%- endmacro %}
