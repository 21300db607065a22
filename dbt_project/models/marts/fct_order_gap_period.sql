with

counted as (
    select * from {{ ref('int_order_waits_counted') }}
),

numbered as (
    select * from {{ ref('int_order_waits_numbered') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

whole_history as (
    select
        cast('gregorian' as string) as calendar,
        cast('all' as string) as grain,
        min(order_date) as period_start,
        {{ date_add_days(as_of(), 1) }} as period_end
    from orders
    where is_valid
),

final as (
    select
        periods.calendar,
        counted.grain,
        counted.period_start,
        periods.period_end,
        counted.segment_set,
        counted.segment_key,
        counted.gap_days,
        counted.followed_count,
        counted.censored_count
    from counted
    inner join periods
        on
            counted.grain = periods.grain
            and counted.period_start = periods.period_start
    union all
    select
        whole_history.calendar,
        whole_history.grain,
        whole_history.period_start,
        whole_history.period_end,
        counted.segment_set,
        counted.segment_key,
        counted.gap_days,
        counted.followed_count,
        counted.censored_count
    from counted
    inner join whole_history on counted.grain = whole_history.grain
    union all
    select
        whole_history.calendar,
        whole_history.grain,
        whole_history.period_start,
        whole_history.period_end,
        'order_number' as segment_set,
        numbered.orders_bucket as segment_key,
        numbered.gap_days,
        numbered.followed_count,
        numbered.censored_count
    from numbered
    cross join whole_history
)

select * from final
