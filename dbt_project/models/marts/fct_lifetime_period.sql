with

lifetimes as (
    select * from {{ ref('int_customer_lifetimes') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

counted as (
    select
        lifetimes.basis,
        lifetimes.period_start,
        segments.segment_set,
        segments.segment_key,
        lifetimes.duration_days,
        cast(count(*) filter (where not lifetimes.is_active) as bigint) as lapsed_count,
        cast(count(*) filter (where lifetimes.is_active) as bigint) as active_count
    from lifetimes
    inner join segments
        on
            lifetimes.customer_id = segments.customer_id
            and lifetimes.period_start >= segments.valid_from
            and lifetimes.period_start < segments.valid_to
    group by
        lifetimes.basis,
        lifetimes.period_start,
        segments.segment_set,
        segments.segment_key,
        lifetimes.duration_days
),

final as (
    select
        counted.basis,
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        counted.segment_set,
        counted.segment_key,
        counted.duration_days,
        counted.lapsed_count,
        counted.active_count
    from counted
    inner join periods on counted.period_start = periods.period_start
    where periods.grain = 'year'
)

select * from final
