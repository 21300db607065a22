{# Days from the shop's first day of the week to the Monday that date_trunc knows. #}
{% macro week_shift() -%} {{ {'sunday': 1, 'saturday': 2}.get(var('week_start'), 0) }} {%- endmacro %}
