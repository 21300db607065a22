{# What is remembered of a build, in schema `changes` of its file: for each table its text and how it differs from the base. #}

{# What the run is carried on from, `{as_of, run}`; none where everything is built anew. #}
{% macro carried() -%} {{ return(var('carried', none)) }} {%- endmacro %}

{# The day the base was built for. #}
{% macro carried_from() -%} {{ date_literal(carried()['as_of']) }} {%- endmacro %}

{# The declaration of a model: in which way its rows follow from those of its inputs. #}
{% macro carry_of(node) -%} {{ return(node.config.meta.get('carry', {})) }} {%- endmacro %}

{# How rows of a table are told apart in a comparison: customer, customer_and_period, periods, days, or none of these. #}
{% macro kind_of(node) -%}
    {%- set declared = carry_of(node).get('by') -%}
    {%- if node.schema == 'staging' -%}
        {{ return('customer' if 'customer_id' in node.columns else 'whole') }}
    {%- endif -%}
    {{ return(declared or 'whole') }}
{%- endmacro %}

{# A table of the schema `changes`. #}
{% macro changes(name) -%} {{ return(adapter.quote(this.database) ~ '.changes.' ~ adapter.quote(name)) }} {%- endmacro %}

{# name -> state of every table that has had its turn in this run. #}
{% macro states() -%}
    {%- set found = {} -%}
    {%- for row in run_query("select name, state from " ~ changes("tables") ~ " where run = '" ~ carried()["run"] ~ "'").rows -%}
        {%- do found.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Whether a query finds any row. #}
{% macro is_found(sql) -%} {{ return(run_query('select exists (' ~ sql ~ ')').rows[0][0]) }} {%- endmacro %}

{# Record what has become of a table, in the transaction that made it so. #}
{% macro settle(target, sql, state) -%}
    {%- set source = carry_of(model).get('source') -%}
    {%- call statement('settle', auto_begin=False) -%}
        create schema if not exists {{ adapter.quote(target.database) }}.changes;
        create table if not exists {{ changes('tables') }} (name varchar primary key, text varchar, state varchar, run varchar);
        insert or replace into {{ changes('tables') }} values (
            '{{ target.identifier }}', '{{ local_md5(sql) }}', '{{ state }}', '{{ carried()['run'] if carried() else '' }}'
        );
        {%- if source %}
        create or replace table {{ changes('visible__' ~ target.identifier) }} as
        {{ visible_deliveries(source, with_history=carry_of(model).get('history', false)) }};
        {%- endif %}
    {%- endcall -%}
{%- endmacro %}
