with

followed as (
    select * from {{ ref('int_customer_values_followed') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

final as (
    select
        followed.grain,
        followed.period_start,
        segments.segment_set,
        segments.segment_key,
        cast(count(*) as bigint) as customers_count,
        cast(count(*) * cast('0.2' as decimal(2, 1)) as decimal(38, 4)) as top_count,
        cast(percentile_disc(0.2) within group (order by followed.value desc) as decimal(18, 4)) as cut_value
    from followed
    inner join segments
        on
            followed.customer_id = segments.customer_id
            and followed.period_start >= segments.valid_from
            and followed.period_start < segments.valid_to
    where followed.is_existing and not segments.is_derived
    group by followed.grain, followed.period_start, segments.segment_set, segments.segment_key
)

select * from final
