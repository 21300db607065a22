{# Patching: the rows of touched customers (and periods) are made anew from the small part of the inputs that they follow from. #}

{% macro patch_sql(target, sql) -%}
    {%- if model.schema == 'staging' -%} {{ return(patch_by_key_sql(target, sql)) }} {%- endif -%}
    {%- if carry_of(model)['by'] == 'customer' -%} {{ return(patch_by_customer_sql(target, sql)) }} {%- endif -%}
    {%- if carry_of(model)['by'] == 'period' -%} {{ return(patch_by_period_sql(target, sql)) }} {%- endif -%}
    {{ return(patch_by_customer_and_period_sql(target, sql)) }}
{%- endmacro %}

{% macro patch_by_key_sql(target, sql) -%}
    {%- set carry = carry_of(model) -%}
    {%- set delivered = source('raw', carry['source']) -%}
    {%- set moved = "(select moved_key from " ~ changes('keys__' ~ model.name) ~ ")" -%}
    {%- set before, after = changes('before__' ~ model.name), changes('after__' ~ model.name) -%}
    create or replace table {{ after }} as
    {{ sql | replace(delivered | string, "(select * from " ~ delivered ~ " where " ~ carry['key'] ~ " in " ~ moved ~ ")") }};
    create or replace table {{ before }} as select * from {{ target }} where {{ carry['key'] }} in {{ moved }};
    {{ differing_sql(before, after) }}
    {{ touched_sql() }}
    delete from {{ target }} where {{ carry['key'] }} in {{ moved }};
    insert into {{ target }} by name select * from {{ after }};
    drop table {{ before }}; drop table {{ after }};
{%- endmacro %}

{% macro patch_by_customer_sql(target, sql) -%}
    {{ parts_sql(sql) }}
    {{ before_sql(target) }}
    delete from {{ target }} where customer_id in (select customer_id from {{ changes('customers') }});
    insert into {{ target }} by name select * from {{ changes('slice__' ~ model.name) }};
{%- endmacro %}

{% macro patch_by_customer_and_period_sql(target, sql) -%}
    {{ parts_sql(sql) }}
    {{ before_sql(target) }}
    delete from {{ target }}
    where
        customer_id in (select customer_id from {{ changes('customers') }})
        or (grain, period_start) in (select (grain, period_start) from {{ changes('periods') }});
    insert into {{ target }} by name select * from {{ changes('slice__' ~ model.name) }};
    insert into {{ target }} by name select * from {{ changes('rest__' ~ model.name) }};
{%- endmacro %}

{# The rows of the touched customers, and those of all others in the touched periods, as tables of their own. #}
{% macro parts_sql(sql) -%}
    {{ slices_sql() }}
    create or replace table {{ changes('slice__' ~ model.name) }} as {{ on_slices(sql) }};
    {%- if carry_of(model)['by'] == 'customer_and_period' %}
    {{ rests_sql() }}
    create or replace table {{ changes('rest__' ~ model.name) }} as {{ on_rests(sql) }};
    {%- endif %}
{%- endmacro %}

{# What the touched customers' rows were, where a sum by period is told from them whether it has moved. #}
{% macro before_sql(target) -%}
    {%- set summed_up = namespace(is=false) -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and carry_of(node).get('by') == 'period' -%}
        {%- if model.unique_id in node.depends_on.nodes -%} {%- set summed_up.is = true -%} {%- endif -%}
    {%- endfor -%}
    {%- if summed_up.is %}
    create or replace table {{ changes('before__' ~ model.name) }} as
    select * from {{ target }} where customer_id in (select customer_id from {{ changes('customers') }});
    {%- endif %}
{%- endmacro %}

{# Sums and counts by period to which each customer adds its own part. A period is made anew when the parts of the touched
   customers do not come to what they came to before; the others' parts have only changed in the touched periods. #}
{% macro patch_by_period_sql(target, sql) -%}
    {%- set known = states() -%}
    {%- set was, whole = namespace(sql=sql), namespace(sql=sql) -%}
    {%- set moved = changes('periods__' ~ model.name) -%}
    {%- for input in inputs() if kind_of(input) in ['customer', 'customer_and_period'] -%}
        {%- set before = ('before__' if known[input.name] == 'patched' else 'slice__') ~ input.name -%}
        {%- set was.sql = was.sql | replace(input.relation_name, changes(before)) -%}
        {%- if input.name == carry_of(model)['of'] -%}
            {%- set part = "(select * from " ~ input.relation_name ~ " where (grain, period_start) in (select (grain, period_start) from "
                ~ moved ~ "))" -%}
            {%- set whole.sql = whole.sql | replace(input.relation_name, part) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ slices_sql() }}
    create or replace table {{ changes('was__' ~ model.name) }} as {{ was.sql }};
    create or replace table {{ changes('is__' ~ model.name) }} as {{ on_slices(sql) }};
    create or replace table {{ moved }} as
    select grain, period_start from {{ changes('periods') }}
    union
    select grain, period_start from (from {{ changes('was__' ~ model.name) }} except all from {{ changes('is__' ~ model.name) }}) as gone
    union
    select grain, period_start from (from {{ changes('is__' ~ model.name) }} except all from {{ changes('was__' ~ model.name) }}) as come;
    delete from {{ target }} where (grain, period_start) in (select (grain, period_start) from {{ moved }});
    insert into {{ target }} by name select * from ({{ whole.sql }}) as anew;
{%- endmacro %}

{# The rows of the touched customers of each input, unless they are at hand. #}
{% macro slices_sql() -%}
    {%- for input in inputs() if kind_of(input) in ['customer', 'customer_and_period'] %}
    create table if not exists {{ changes('slice__' ~ input.name) }} as
    select * from {{ input.relation_name }} where customer_id in (select customer_id from {{ changes('customers') }});
    {%- endfor %}
{%- endmacro %}

{# The rows of all other customers in the touched periods, unless they are at hand. #}
{% macro rests_sql() -%}
    {%- for input in inputs() if kind_of(input) == 'customer_and_period' %}
    create table if not exists {{ changes('rest__' ~ input.name) }} as
    select * from {{ input.relation_name }}
    where
        (grain, period_start) in (select (grain, period_start) from {{ changes('periods') }})
        and customer_id not in (select customer_id from {{ changes('customers') }});
    {%- endfor %}
{%- endmacro %}

{# The text of a model over the touched customers alone. #}
{% macro on_slices(sql) -%}
    {%- set text = namespace(sql=sql) -%}
    {%- for input in inputs() if kind_of(input) in ['customer', 'customer_and_period'] -%}
        {%- set text.sql = text.sql | replace(input.relation_name, changes('slice__' ~ input.name)) -%}
    {%- endfor -%}
    {{ return(text.sql) }}
{%- endmacro %}

{# The text of a model over the other customers, of which the rows of the touched periods are taken. The periods themselves are
   read whole: a row may follow from several of them, and a few constants find their way down to where they save work. #}
{% macro on_rests(sql) -%}
    {%- set text = namespace(sql=sql) -%}
    {%- for input in inputs() -%}
        {%- if kind_of(input) == 'customer_and_period' -%}
            {%- set text.sql = text.sql | replace(input.relation_name, changes('rest__' ~ input.name)) -%}
        {%- elif kind_of(input) == 'customer' -%}
            {%- set others = "(select * from " ~ input.relation_name ~ " where customer_id not in (select customer_id from "
                ~ changes('customers') ~ "))" -%}
            {%- set text.sql = text.sql | replace(input.relation_name, others) -%}
        {%- endif -%}
    {%- endfor -%}
    select * from ({{ text.sql }}) as every_period where {{ in_touched_periods() }}
{%- endmacro %}

{# The condition that a row is of a touched period; as constants unless there are many. #}
{% macro in_touched_periods() -%}
    {%- set touched = run_query("select grain, period_start from " ~ changes('periods') ~ " order by all").rows -%}
    {%- if touched | length > 40 -%}
        (grain, period_start) in (select (grain, period_start) from {{ changes('periods') }})
    {%- else -%}
        {%- for row in touched -%}
            (grain = {{ text_literal(row[0]) }} and period_start = {{ date_literal(row[1]) }}) {{ 'or ' if not loop.last }}
        {%- else -%}
            false
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
