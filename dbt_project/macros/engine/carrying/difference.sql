{# Comparing what a table was with what it has become, row by row, and drawing the conclusion for the tables behind it. #}

{# Columns that say where a row came from: no fact is made of them (a test holds that). #}
{% macro provenance() -%} {{ return(['known_date', 'delivery_id']) }} {%- endmacro %}

{# Rows that are only in one of two relations, without their provenance, as table `differing__<model>`. #}
{% macro differing_sql(before, after) -%}
    {%- set columns = model.columns.keys() | reject('in', provenance()) | join(', ') if model.schema == 'staging' else '*' -%}
    create or replace table {{ changes('differing__' ~ model.name) }} as
    (select {{ columns }} from {{ before }} except all select {{ columns }} from {{ after }})
    union all
    (select {{ columns }} from {{ after }} except all select {{ columns }} from {{ before }});
{%- endmacro %}

{# The customers of differing rows are touched. #}
{% macro touched_sql() -%}
    {%- if kind_of(model) == 'customer' %}
    insert or ignore into {{ changes('customers') }}
    select distinct customer_id from {{ changes('differing__' ~ model.name) }} where customer_id is not null;
    {%- endif %}
{%- endmacro %}

{# What the differing rows of a staged table come to. #}
{% macro state_in_staging() -%}
    {%- if not is_found("select 1 from " ~ changes('differing__' ~ model.name)) -%} {{ return('kept') }} {%- endif -%}
    {{ return('patched' if kind_of(model) == 'customer' else 'rebuilt') }}
{%- endmacro %}

{# How a table that was made anew differs from the one before: kept, patched, grown or rebuilt. #}
{% macro difference(before, after) -%}
    {%- set kind = kind_of(model) -%}
    {%- set differing = changes('differing__' ~ model.name) -%}
    {%- if not carry_of(model).get('compared', model.schema == 'staging' or kind in ['days', 'periods']) -%}
        {{ return('rebuilt') }}
    {%- endif -%}
    {%- call statement('compare', auto_begin=False) -%} {{ differing_sql(before, after) }} {%- endcall -%}
    {%- if not is_found("select 1 from " ~ differing) -%} {{ return('kept') }} {%- endif -%}
    {%- if model.schema == 'staging' and kind == 'customer' -%}
        {%- call statement('touch', auto_begin=False) -%} {{ touched_sql() }} {%- endcall -%}
        {{ return('patched') }}
    {%- elif kind == 'periods' -%}
        {%- call statement('touch', auto_begin=False) -%}
            insert or ignore into {{ changes('periods') }} select distinct grain, period_start from {{ differing }};
        {%- endcall -%}
        {{ return('patched') }}
    {%- elif kind == 'days' -%}
        {%- set early = "select 1 from " ~ differing ~ " where calendar_date <= " ~ carried_from() -%}
        {{ return('rebuilt' if is_found(early) else 'grown') }}
    {%- elif kind == 'customer' -%}
        {%- set beyond = "select 1 from " ~ differing ~ " where customer_id not in (select customer_id from " ~ changes('customers') ~ ")" -%}
        {{ return('rebuilt' if is_found(beyond) else 'patched') }}
    {%- endif -%}
    {{ return('rebuilt') }}
{%- endmacro %}
