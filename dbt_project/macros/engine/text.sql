{# Text as a literal; a quote inside is doubled on DuckDB and escaped on Spark. #}
{% macro text_literal(value) -%} {{ return(adapter.dispatch('text_literal')(value)) }} {%- endmacro %}

{% macro duckdb__text_literal(value) -%} '{{ value | string | replace("'", "''") }}' {%- endmacro %}

{% macro spark__text_literal(value) -%}
    '{{ value | string | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}
