{# The frozen cut points of RFM. Without them the grain is one that no period has, so every model of them is empty. #}
{% macro rfm_grain() -%} {{ text_literal((var('rfm') or {})['grain'] or '') }} {%- endmacro %}

{% macro rfm_window_days() -%} {{ (var('rfm') or {})['window_days'] or 1 }} {%- endmacro %}

{# Null without cut points. #}
{% macro rfm_version() -%}
    {%- if var('rfm') -%} cast({{ var('rfm')['version'] }} as integer) {%- else -%} cast(null as integer) {%- endif -%}
{%- endmacro %}

{# The score of a value: its place among the four ascending cuts, a value equal to a cut lying below it. 5 is best,
   so recency, of which less is better, is counted from the other end. A customer without a value has no score. #}
{% macro rfm_score(measure, value, less_is_better=false) -%}
    case
        when {{ value }} is null then null
        {%- for cut in (var('rfm') or {})[measure] or [] %}
        when {{ value }} <= cast({{ text_literal(cut) }} as decimal(38, 8))
            then {{ 6 - loop.index if less_is_better else loop.index }}
        {%- endfor %}
        else {{ 1 if less_is_better else 5 }}
    end
{%- endmacro %}
