{# What becomes of a table in a carried build: keep, patch or rebuild. Whatever is not declared and proven is rebuilt. #}

{% macro turn_of(existing, sql) -%}
    {%- if not carried() or existing is none -%} {{ return('rebuild') }} {%- endif -%}
    {%- if model.schema == 'staging' -%} {{ return(turn_in_staging(existing)) }} {%- endif -%}
    {%- set same_text = "select 1 from " ~ changes('tables') ~ " where name = '" ~ model.name ~ "' and text = '" ~ local_md5(sql) ~ "'" -%}
    {%- if not is_found(same_text) -%} {{ return('rebuild') }} {%- endif -%}
    {%- set known = states() -%}
    {%- set turn = namespace(is_same=true, is_patch='by' in carry_of(model)) -%}
    {%- for input in inputs() -%}
        {%- set state = known.get(input.name, 'rebuilt') -%}
        {%- if state != 'kept' -%}
            {%- set turn.is_same = false -%}
            {%- if not is_followed(carry_of(model), kind_of(input), state) -%} {%- set turn.is_patch = false -%} {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return('keep' if turn.is_same else 'patch' if turn.is_patch else 'rebuild') }}
{%- endmacro %}

{# The models that this one reads. #}
{% macro inputs() -%}
    {%- set found = [] -%}
    {%- for id in model.depends_on.nodes if id.startswith('model.') -%} {%- do found.append(graph.nodes[id]) -%} {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Whether a model that is carried so can follow such a change of an input. #}
{% macro is_followed(carry, kind, state) -%}
    {%- if carry['by'] == 'customer' -%}
        {{ return((kind == 'customer' and state == 'patched') or (kind == 'days' and state == 'grown' and carry.get('days', false))) }}
    {%- elif carry['by'] == 'customer_and_period' -%}
        {{ return(kind in ['customer', 'customer_and_period', 'periods'] and state == 'patched') }}
    {%- elif carry['by'] == 'period' -%}
        {{ return(kind in ['customer', 'customer_and_period'] and state == 'patched') }}
    {%- else -%}
        {{ return(false) }}
    {%- endif -%}
{%- endmacro %}

{# Staging: patched when the keys that may differ are known and not many. Side effect: the table of these keys. #}
{% macro turn_in_staging(existing) -%}
    {%- set carry = carry_of(model) -%}
    {%- if 'source' not in carry -%} {{ return('rebuild') }} {%- endif -%}
    {%- set keys = changes('keys__' ~ model.name) -%}
    {%- do run_query("create or replace table " ~ keys ~ " as " ~ moved_keys(existing, carry)) -%}
    {%- set is_many = "select 1 from (select count(*) as moved from " ~ keys ~ ") as k, (select count(*) as present from "
        ~ existing ~ ") as e where k.moved > 0.2 * e.present" -%}
    {{ return('rebuild' if is_found(is_many) else 'patch') }}
{%- endmacro %}

{# Keys of the raw rows that are seen now and were not, or the other way round, and of staged rows that age with as_of. #}
{% macro moved_keys(existing, carry) -%}
    select delivered.{{ carry['key'] }} as moved_key
    from {{ source('raw', carry['source']) }} as delivered
    left join ({{ visible_deliveries(carry['source'], with_history=carry.get('history', false)) }}) as now_seen
        on delivered.delivery_id = now_seen.delivery_id
    left join {{ changes('visible__' ~ model.name) }} as seen_before
        on delivered.delivery_id = seen_before.delivery_id
    where
        (now_seen.delivery_id is null) <> (seen_before.delivery_id is null)
        or now_seen.snapshot_date is distinct from seen_before.snapshot_date
        or (delivered.known_date > {{ carried_from() }} and delivered.known_date <= {{ as_of() }})
    {%- for ages in carry.get('ages', []) %}
    union
    select {{ carry['key'] }} as moved_key from {{ existing }} where {{ ages }} >= {{ carried_from() }}
    {%- endfor %}
    {%- if 'rated' in carry %}
    union
    select staged.{{ carry['key'] }} as moved_key
    from {{ existing }} as staged
    inner join {{ changes('differing__stg_fx_rates') }} as rates
        on
            staged.currency = rates.currency
            and staged.{{ carry['rated'] }} >= rates.rate_date
            and staged.{{ carry['rated'] }} < rates.valid_to
    {%- endif %}
    {%- if 'rated' not in carry and carry.get('ages', []) | length == 0 %}
    union
    select {{ carry['key'] }} as moved_key from {{ existing }} where false
    {%- endif %}
{%- endmacro %}
