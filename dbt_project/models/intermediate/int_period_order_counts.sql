with

ordered_periods as (
    select * from {{ ref('int_customer_periods_ordered') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

buckets as (
    select * from {{ ref('int_order_buckets') }}
),

-- how many customers went from so many orders to so many, with so many in the period; 0 are the new ones
moves as (
    select
        ordered_periods.grain,
        ordered_periods.period_start,
        segments.segment_set,
        segments.segment_key,
        least(ordered_periods.orders_count, {{ last_order_bucket() }}) as orders_here,
        least(ordered_periods.orders_before, {{ last_order_bucket() }}) as orders_before,
        least(ordered_periods.orders_before + ordered_periods.orders_count, {{ last_order_bucket() }}) as orders_after,
        count(*) as customers_count
    from ordered_periods
    inner join segments
        on
            ordered_periods.customer_id = segments.customer_id
            and ordered_periods.period_start >= segments.valid_from
            and ordered_periods.period_start < segments.valid_to
    where not segments.is_derived
    group by
        ordered_periods.grain,
        ordered_periods.period_start,
        segments.segment_set,
        segments.segment_key,
        least(ordered_periods.orders_count, {{ last_order_bucket() }}),
        least(ordered_periods.orders_before, {{ last_order_bucket() }}),
        least(ordered_periods.orders_before + ordered_periods.orders_count, {{ last_order_bucket() }})
),

spread as (
    select
        moves.*,
        buckets.orders_bucket,
        buckets.orders_min
    from moves
    cross join buckets
),

final as (
    select
        grain,
        period_start,
        segment_set,
        segment_key,
        orders_bucket,
        cast(sum(case when orders_here = orders_min then customers_count else 0 end) as bigint) as customers_in_period,
        cast(
            sum(case when orders_after = orders_min then customers_count else 0 end)
            - sum(case when orders_before = orders_min then customers_count else 0 end) as bigint
        ) as customers_change
    from spread
    group by grain, period_start, segment_set, segment_key, orders_bucket
)

select * from final
