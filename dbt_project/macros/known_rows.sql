{# The rows of a source that make up its state at as_of: each version known by then, of the deliveries that count. #}
{% macro known_rows(source_name) -%}
    select
        delivered.*,
        visible.ranked_as
    from {{ source('raw', source_name) }} as delivered
    inner join (
        {{ visible_deliveries(source_name) }}
    ) as visible on delivered.delivery_id = visible.delivery_id
    where delivered.known_date <= {{ as_of() }}
{%- endmacro %}
