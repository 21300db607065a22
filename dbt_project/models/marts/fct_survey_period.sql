with

counted as (
    select * from {{ ref('int_survey_periods_counted') }}
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
        coalesce(counted.sent_count, cast(0 as bigint)) as sent_count,
        coalesce(counted.answered_count, cast(0 as bigint)) as answered_count,
        coalesce(counted.customers_count, cast(0 as bigint)) as customers_count,
        coalesce(
            {{ date_literal(var('data_through_by_source')['feedback'] | default(none)) }}
            >= {{ date_add_days('periods.period_end', var('response_window_days') ~ ' - 1') }},
            false
        ) as is_closed
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
