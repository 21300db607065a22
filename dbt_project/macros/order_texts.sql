{# Values of order records that were set aside, from the text that was kept of them. #}

{# A number as the orders source writes it, rounded to four decimals; null where the text is none. #}
{% macro amount_of(text) -%}
    {%- set notation = var('order_notation') -%}
    {%- set plain = text -%}
    {%- if notation['thousands'] -%}
        {%- set plain = "replace(" ~ plain ~ ", " ~ text_literal(notation['thousands']) ~ ", '')" -%}
    {%- endif -%}
    {%- if notation['decimal'] == ',' -%}
        {#- a point left over is no decimal point here, so the text must not pass for a number -#}
        {%- set plain = "replace(replace(" ~ plain ~ ", '.', '?'), ',', '.')" -%}
    {%- endif -%}
    try_cast({{ plain }} as decimal(18, 4))
{%- endmacro %}

{# A timestamp as the orders source writes it, in UTC; null where the text is none or the format is not ISO 8601. #}
{% macro instant_of(text) -%}
    {%- if var('order_notation')['is_iso'] -%}
    case
        when substr({{ text }}, 11) like '%Z' or substr({{ text }}, 11) like '%+%' or substr({{ text }}, 11) like '%-%'
            then {{ offset_instant(text) }}
        else {{ local_instant(text, var('order_notation')['timezone']) }}
    end
    {%- else -%}
    cast(null as timestamp)
    {%- endif -%}
{%- endmacro %}
