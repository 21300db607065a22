{# One short text for a row's values, different for different values: each with its length, a null apart. #}
{% macro fingerprint(columns) -%}
    md5(
        ''
        {%- for column in columns %}
        || coalesce(cast(length({{ column }}) as string) || ':' || {{ column }}, '-')
        {%- endfor %}
    )
{%- endmacro %}
