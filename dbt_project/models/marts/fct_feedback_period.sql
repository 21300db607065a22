with

counted as (
    select * from {{ ref('int_feedback_periods_counted') }}
),

keys as (
    select * from {{ ref('int_segments_observed') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

scales as (
    select distinct
        measure,
        scale_min,
        scale_max
    from counted
),

final as (
    select
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        keys.segment_set,
        keys.segment_key,
        scales.measure,
        scales.scale_min,
        scales.scale_max,
        coalesce(counted.answers_count, cast(0 as bigint)) as answers_count,
        coalesce(counted.promoters_count, cast(0 as bigint)) as promoters_count,
        coalesce(counted.passives_count, cast(0 as bigint)) as passives_count,
        coalesce(counted.detractors_count, cast(0 as bigint)) as detractors_count,
        coalesce(counted.top_box_count, cast(0 as bigint)) as top_box_count,
        coalesce(counted.score_sum, cast(0 as decimal(38, 4))) as score_sum,
        coalesce(counted.score_sq, cast(0 as decimal(38, 8))) as score_sq,
        coalesce(counted.customers_count, cast(0 as bigint)) as customers_count
    from periods
    cross join keys
    cross join scales
    left join counted
        on
            periods.grain = counted.grain
            and periods.period_start = counted.period_start
            and keys.segment_set = counted.segment_set
            and keys.segment_key = counted.segment_key
            and scales.measure = counted.measure
            and scales.scale_min = counted.scale_min
            and scales.scale_max = counted.scale_max
)

select * from final
