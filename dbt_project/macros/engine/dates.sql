{# Date arithmetic that DuckDB and Spark spell differently. #}

{# The date in the shop's zone of an instant that is stored as UTC without a zone. Never depends on the session's zone. #}
{% macro business_date(instant) -%} {{ return(adapter.dispatch('business_date')(instant)) }} {%- endmacro %}

{% macro duckdb__business_date(instant) -%}
    cast(timezone({{ text_literal(var('timezone')) }}, timezone('UTC', {{ instant }})) as date)
{%- endmacro %}

{% macro spark__business_date(instant) -%}
    cast(from_utc_timestamp({{ instant }}, {{ text_literal(var('timezone')) }}) as date)
{%- endmacro %}

{% macro date_add_days(day, days) -%} {{ return(adapter.dispatch('date_add_days')(day, days)) }} {%- endmacro %}

{% macro duckdb__date_add_days(day, days) -%} ({{ day }} + ({{ days }})) {%- endmacro %}

{% macro spark__date_add_days(day, days) -%} date_add({{ day }}, {{ days }}) {%- endmacro %}

{# Hours from one instant to another, fractions included; null when either is. #}
{% macro hours_between(earlier, later) -%} {{ return(adapter.dispatch('hours_between')(earlier, later)) }} {%- endmacro %}

{% macro duckdb__hours_between(earlier, later) -%}
    (date_diff('microsecond', {{ earlier }}, {{ later }}) / 3600000000)
{%- endmacro %}

{% macro spark__hours_between(earlier, later) -%}
    ((unix_micros({{ later }}) - unix_micros({{ earlier }})) / 3600000000)
{%- endmacro %}

{# One row per date from one column of a relation to another, both included; null bounds give no row. #}
{% macro date_spine(relation, first_date, last_date) -%}
    {{ return(adapter.dispatch('date_spine')(relation, first_date, last_date)) }}
{%- endmacro %}

{% macro duckdb__date_spine(relation, first_date, last_date) -%}
    select cast(unnest(generate_series({{ first_date }}, {{ last_date }}, interval '1' day)) as date) as calendar_date
    from {{ relation }}
{%- endmacro %}

{% macro spark__date_spine(relation, first_date, last_date) -%}
    select explode(sequence({{ first_date }}, {{ last_date }}, interval '1' day)) as calendar_date
    from {{ relation }}
    where {{ first_date }} <= {{ last_date }}
{%- endmacro %}

{# Whole days from one date to a later one. #}
{% macro days_between(first_day, last_day) -%}
    {{ return(adapter.dispatch('days_between')(first_day, last_day)) }}
{%- endmacro %}

{% macro duckdb__days_between(first_day, last_day) -%} ({{ last_day }} - {{ first_day }}) {%- endmacro %}

{% macro spark__days_between(first_day, last_day) -%} datediff({{ last_day }}, {{ first_day }}) {%- endmacro %}

{# The UTC instant of a text with a written offset; null where it is none. #}
{% macro offset_instant(text) -%} {{ return(adapter.dispatch('offset_instant')(text)) }} {%- endmacro %}

{% macro duckdb__offset_instant(text) -%} timezone('UTC', try_cast({{ text }} as timestamptz)) {%- endmacro %}

{% macro spark__offset_instant(text) -%} try_cast({{ text }} as timestamp) {%- endmacro %}

{# The UTC instant of a text that is a local time of a zone; null where it is none. #}
{% macro local_instant(text, zone) -%} {{ return(adapter.dispatch('local_instant')(text, zone)) }} {%- endmacro %}

{% macro duckdb__local_instant(text, zone) -%}
    timezone('UTC', timezone({{ text_literal(zone) }}, try_cast({{ text }} as timestamp)))
{%- endmacro %}

{% macro spark__local_instant(text, zone) -%}
    to_utc_timestamp(try_cast({{ text }} as timestamp), {{ text_literal(zone) }})
{%- endmacro %}

{# The shop's date in the last second before a day begins in UTC. #}
{% macro last_utc_day(day) -%} {{ business_date("cast(" ~ day ~ " as timestamp) - interval '1' second") }} {%- endmacro %}
