{# Values of the run as SQL literals. Each goes through text_literal, so that no configured text can end its own quotes. #}

{# A date given as 'YYYY-MM-DD'; none (nothing delivered yet) becomes a null date. #}
{% macro date_literal(value) -%}
    {%- if value is none -%} cast(null as date) {%- else -%} cast({{ text_literal(value) }} as date) {%- endif -%}
{%- endmacro %}

{# A list as rows of one text column; an empty list is an empty relation of the same shape. #}
{% macro text_rows(values, column_name) -%}
    {%- for value in values %}
    select cast({{ text_literal(value) }} as string) as {{ column_name }}
    {{- "\n    union all" if not loop.last }}
    {%- else %}
    select cast(null as string) as {{ column_name }}
    where false
    {%- endfor %}
{%- endmacro %}

{# A list as rows of its texts and their positions from 1; an empty list is an empty relation of the same shape. #}
{% macro ranked_rows(values, column_name, rank_name) -%}
    {%- for value in values %}
    select cast({{ text_literal(value) }} as string) as {{ column_name }}, {{ loop.index }} as {{ rank_name }}
    {{- "\n    union all" if not loop.last }}
    {%- else %}
    select cast(null as string) as {{ column_name }}, 0 as {{ rank_name }}
    where false
    {%- endfor %}
{%- endmacro %}

{# The run's as_of date: a row is known when its known_date is not later. #}
{% macro as_of() -%} {{ date_literal(var('as_of')) }} {%- endmacro %}
