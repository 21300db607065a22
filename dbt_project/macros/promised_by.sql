{# By when a ticket that carries no promise of its own is to be answered: the shop's sla_hours after it was opened. #}
{% macro promised_by(opened_at) -%}
    {%- if var('sla_hours') is none -%}
        cast(null as timestamp)
    {%- else -%}
        {{ opened_at }} + interval '{{ (var('sla_hours') | float * 3600) | round | int }}' second
    {%- endif -%}
{%- endmacro %}
