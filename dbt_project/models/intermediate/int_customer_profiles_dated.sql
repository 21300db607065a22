{%- set segment_sets = var('segments') + var('derived_segments') -%}
{%- set keys = [] -%}
{%- for _ in segment_sets %}{% do keys.append('key_' ~ loop.index) %}{% endfor -%}
with

segments as (
    select * from {{ ref('int_customer_segments') }}
),

starts as (
    select distinct
        customer_id,
        valid_from
    from segments
),

spans as (
    select
        customer_id,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by customer_id order by valid_from asc),
            cast('9999-12-31' as date)
        ) as valid_to
    from starts
),

keyed as (
    select
        {%- for segment_set in segment_sets %}
            max(case when segments.segment_set = {{ text_literal(segment_set) }} then segments.segment_key end)
                as key_{{ loop.index }},
        {%- endfor %}
        spans.customer_id,
        spans.valid_from,
        spans.valid_to
    from spans
    inner join segments
        on
            spans.customer_id = segments.customer_id
            and spans.valid_from >= segments.valid_from
            and spans.valid_from < segments.valid_to
    group by spans.customer_id, spans.valid_from, spans.valid_to
),

final as (
    select
        customer_id,
        valid_from,
        valid_to,
        {{ fingerprint(keys) }} as profile_id,
        {{ fingerprint(keys[:var('segments') | length]) }} as configured_profile_id
    from keyed
)

select * from final
