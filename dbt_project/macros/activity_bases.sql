{# What being active can mean in this shop: an order within the window, an order in the period, a running subscription. #}
{% macro activity_bases() -%}
    {{ return(['purchase_window', 'calendar'] + (['subscription'] if 'subscriptions' in var('sources') else [])) }}
{%- endmacro %}
