{# How DuckDB makes a table: the one of the last build is kept, patched or rebuilt. Other engines always rebuild.

   A carried build (variable `carried`) starts from the tables of an earlier, published one. `turn_of` says what becomes of
   a table; whatever it cannot prove to stay the same is rebuilt. `settle` records how the table differs afterwards. #}
{% materialization table, adapter='duckdb' %}
    {%- set target = this.incorporate(type='table') -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set turn = turn_of(existing, compiled_code) -%}

    {{ run_hooks(pre_hooks) }}
    {%- if turn == 'keep' -%}
        {%- call statement('main') -%} select 'kept' {%- endcall -%}
        {%- do settle(target, compiled_code, 'kept') -%}
    {%- elif turn == 'patch' -%}
        {%- call statement('main') -%} {{ patch_sql(target, compiled_code) }} {%- endcall -%}
        {%- do settle(target, compiled_code, state_in_staging() if model.schema == 'staging' else 'patched') -%}
    {%- else -%}
        {%- do rebuild_table(target, existing, compiled_code) -%}
    {%- endif -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# A view holds nothing, so it is always written; what it shows differs like a table would. #}
{% materialization view, adapter='duckdb' %}
    {%- set target = this.incorporate(type='view') -%}
    {%- set turn = turn_of(load_cached_relation(this), compiled_code) -%}

    {{ run_hooks(pre_hooks) }}
    {%- call statement('main') -%}
        create or replace view {{ target }} as ({{ compiled_code }});
        {%- if turn == 'patch' %} {{ parts_sql(compiled_code) }} {%- endif %}
    {%- endcall -%}
    {%- do settle(target, compiled_code, {'keep': 'kept', 'patch': 'patched'}.get(turn, 'rebuilt')) -%}
    {{ run_hooks(post_hooks) }}
    {%- do adapter.commit() -%}

    {{ return({'relations': [target]}) }}
{% endmaterialization %}

{# The table anew beside the old one, the two compared where that is worth it, then in its place. #}
{% macro rebuild_table(target, existing, sql) -%}
    {%- set fresh = make_intermediate_relation(target) -%}
    {%- set texts = texts_of(sql) -%}
    {%- call statement('main') -%}
        drop table if exists {{ fresh }};
        {{ create_table_as(False, fresh, texts[0]) }}
    {%- endcall -%}
    {%- for text in texts[1:] -%}
        {%- call statement('part', auto_begin=False) -%} insert into {{ fresh }} by name select * from ({{ text }}) as part {%- endcall -%}
    {%- endfor -%}
    {%- set state = difference(existing, fresh) if carried() and existing is not none else 'rebuilt' -%}
    {%- call statement('replace', auto_begin=False) -%}
        drop table if exists {{ target }};
        alter table {{ fresh }} rename to {{ adapter.quote(target.identifier) }};
    {%- endcall -%}
    {%- do settle(target, sql, state) -%}
{%- endmacro %}
