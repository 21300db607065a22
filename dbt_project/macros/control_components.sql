{# The groups of orders that a total of the shop's books may hold; the first one is what the pipeline publishes. #}
{% macro control_components() -%}
    {%- set found = ['published', 'no_customer'] -%}
    {%- for status in var('excluded_statuses') | unique -%}
        {%- do found.append('status_' ~ status) -%}
    {%- endfor -%}
    {{ return(found + ['non_positive_amount', 'no_fx_rate', 'quarantine']) }}
{%- endmacro %}
