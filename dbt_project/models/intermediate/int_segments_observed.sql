with

segments as (
    select * from {{ ref('int_customer_segments') }}
),

final as (
    select distinct
        segment_set,
        segment_key,
        is_derived
    from segments
    union
    select
        'all' as segment_set,
        'all' as segment_key,
        false as is_derived
)

select * from final
