{# The groups of orders that a total of the shop's books may hold; the first one is what the pipeline publishes. #}
{% macro control_components() -%}
    {%- set found = ['published', 'no_customer'] -%}
    {%- for status in var('excluded_statuses') | unique -%}
        {%- do found.append('status_' ~ status) -%}
    {%- endfor -%}
    {{ return(found + ['non_positive_amount', 'no_fx_rate', 'quarantine']) }}
{%- endmacro %}

{# What each measure is made of, with refunds on the day of their order or on their own: rows of quantities with signs. #}
{% macro control_weights() -%}
    {%- for refund_basis in ['order_date', 'refund_date'] %}
    {%- set refunds = 'refunds_by_' ~ refund_basis %}
    {%- for measure, quantity, sign in [
        ('orders', 'orders', 1), ('revenue_gross', 'gross', 1), ('refunds', refunds, 1),
        ('revenue_net', 'gross', 1), ('revenue_net', refunds, -1),
    ] %}
    select
        '{{ measure }}' as measure,
        '{{ refund_basis }}' as refund_basis,
        '{{ quantity }}' as quantity,
        {{ sign }} as weight
    {{- "\n    union all" if not (loop.last and refund_basis == 'refund_date') }}
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}

{# A sum over one way of cutting days and of dating refunds; null where an amount in it is not known. #}
{% macro control_amount(day_cut, refund_basis, kind='') -%}
    {%- set filter = "filter (where parts.day_cut = '" ~ day_cut ~ "' and parts.refund_basis = '" ~ refund_basis ~ "')" -%}
    {{ known_sum(
        "sum(parts.amount" ~ kind ~ ") " ~ filter,
        "sum(parts.unknown" ~ kind ~ "_count) " ~ filter,
        'placed.is_utc_known' if day_cut == 'utc' else 'true'
    ) }}
{%- endmacro %}
