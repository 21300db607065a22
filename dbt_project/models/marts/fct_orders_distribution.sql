with

periods as (
    select * from {{ ref('dim_period') }}
),

keys as (
    select * from {{ ref('int_segments_observed') }}
),

buckets as (
    select * from {{ ref('int_order_buckets') }}
),

accumulated as (
    select * from {{ ref('int_segment_order_counts_accumulated') }}
),

counted as (
    select * from {{ ref('int_period_order_counts') }}
),

cells as (
    select
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        keys.segment_set,
        keys.segment_key,
        buckets.orders_bucket
    from periods
    cross join keys
    cross join buckets
    where not keys.is_derived
),

final as (
    select
        cells.*,
        coalesce(counted.customers_in_period, cast(0 as bigint)) as customers_in_period,
        coalesce(accumulated.customers_before, cast(0 as bigint))
        + coalesce(counted.customers_change, cast(0 as bigint)) as customers_to_date
    from cells
    left join accumulated
        on
            cells.segment_set = accumulated.segment_set
            and cells.segment_key = accumulated.segment_key
            and cells.orders_bucket = accumulated.orders_bucket
            and cells.period_start = accumulated.calendar_date
    left join counted
        on
            cells.grain = counted.grain
            and cells.period_start = counted.period_start
            and cells.segment_set = counted.segment_set
            and cells.segment_key = counted.segment_key
            and cells.orders_bucket = counted.orders_bucket
)

select * from final
