with

ordered_periods as (
    select * from {{ ref('int_customer_periods_ordered') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

costed as (
    select
        grain,
        period_start,
        sum(orders_count) as orders_count,
        sum(orders_costed) as orders_costed
    from ordered_periods
    group by grain, period_start
),

counted as (
    select
        periods.grain,
        periods.period_start,
        periods.period_number,
        periods.is_complete,
        coalesce(costed.orders_count, 0) as orders_count,
        coalesce(costed.orders_costed, 0) as orders_costed
    from periods
    left join costed
        on
            periods.grain = costed.grain
            and periods.period_start = costed.period_start
    where periods.grain in ('month', 'quarter', 'year')
),

-- one order without a cost and the whole pair of periods is measured by revenue, so that like is compared with like
final as (
    select
        counted.grain,
        counted.period_start,
        counted.period_number,
        counted.orders_costed + coalesce(followers.orders_costed, 0) > 0
        and counted.orders_costed + coalesce(followers.orders_costed, 0)
        = counted.orders_count + coalesce(followers.orders_count, 0) as is_margin,
        coalesce(followers.is_complete, false) as is_next_complete
    from counted
    left join counted as followers
        on
            counted.grain = followers.grain
            and counted.period_number + 1 = followers.period_number
)

select * from final
