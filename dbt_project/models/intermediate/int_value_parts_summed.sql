with

followed as (
    select * from {{ ref('int_customer_values_followed') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

cuts as (
    select * from {{ ref('int_value_cuts') }}
),

-- 19 digits: the square of an 18-digit amount would not fit the type that a product of two of them gets
segmented as (
    select
        followed.grain,
        followed.period_start,
        segments.segment_set,
        segments.segment_key,
        followed.is_existing,
        followed.value,
        cast(followed.next_value as decimal(19, 4)) as next_value
    from followed
    inner join segments
        on
            followed.customer_id = segments.customer_id
            and followed.period_start >= segments.valid_from
            and followed.period_start < segments.valid_to
    where not segments.is_derived
),

placed as (
    select
        segmented.*,
        coalesce(segmented.is_existing and segmented.value > cuts.cut_value, false) as is_above,
        coalesce(segmented.is_existing and segmented.value = cuts.cut_value, false) as is_tied
    from segmented
    left join cuts using (grain, period_start, segment_set, segment_key)
),

final as (
    select
        grain,
        period_start,
        segment_set,
        segment_key,
        cast(count(*) filter (where is_above) as bigint) as customers_above,
        cast(count(*) filter (where is_tied) as bigint) as customers_tied,
        cast(coalesce(sum(next_value) filter (where is_above), 0) as decimal(38, 4)) as value_above,
        cast(coalesce(sum(next_value) filter (where is_tied), 0) as decimal(38, 4)) as value_tied,
        cast(coalesce(sum(next_value) filter (where is_existing), 0) as decimal(38, 4)) as value_existing,
        cast(sum(next_value) as decimal(38, 4)) as value_total,
        cast(coalesce(sum(next_value * next_value) filter (where is_above), 0) as decimal(38, 8)) as sq_above,
        cast(coalesce(sum(next_value * next_value) filter (where is_tied), 0) as decimal(38, 8)) as sq_tied,
        cast(coalesce(sum(next_value * next_value) filter (where is_existing), 0) as decimal(38, 8)) as sq_existing
    from placed
    group by grain, period_start, segment_set, segment_key
)

select * from final
