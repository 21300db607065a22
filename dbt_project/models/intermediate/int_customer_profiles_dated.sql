{%- set configured = ['all'] + var('segments') -%}
{%- set segment_sets = configured + var('derived_segments') -%}
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
        spans.customer_id,
        spans.valid_from,
        spans.valid_to
        {%- for segment_set in segment_sets %},
        max(segments.segment_key) filter (
            where segments.segment_set = {{ text_literal(segment_set) }}
        ) as key_{{ loop.index }}
        {%- endfor %}
    from spans
    inner join segments
        on
            spans.customer_id = segments.customer_id
            and spans.valid_from >= segments.valid_from
            and spans.valid_from < segments.valid_to
    group by spans.customer_id, spans.valid_from, spans.valid_to
),

combinations as (
    select distinct
        {%- for _ in segment_sets %}
        key_{{ loop.index }}{{ "," if not loop.last }}
        {%- endfor %}
    from keyed
),

numbered as (
    select
        combinations.*,
        row_number() over (
            order by {% for _ in segment_sets %}key_{{ loop.index }} asc nulls last{{ ", " if not loop.last }}{% endfor %}
        ) as profile_id
    from combinations
),

paired as (
    select
        numbered.*,
        min(profile_id) over (
            partition by {% for _ in configured %}key_{{ loop.index }}{{ ", " if not loop.last }}{% endfor %}
        ) as configured_profile_id
    from numbered
),

final as (
    select
        keyed.customer_id,
        keyed.valid_from,
        keyed.valid_to,
        cast(paired.profile_id as integer) as profile_id,
        cast(paired.configured_profile_id as integer) as configured_profile_id
    from keyed
    inner join paired
        on
            {%- for _ in segment_sets %}
            {{ "and " if not loop.first }}keyed.key_{{ loop.index }} is not distinct from paired.key_{{ loop.index }}
            {%- endfor %}
)

select * from final
