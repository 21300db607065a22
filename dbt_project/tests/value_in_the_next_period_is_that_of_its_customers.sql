with

followers as (
    select
        periods.grain,
        periods.period_start,
        coalesce(sum(order_days.revenue_gross), 0) as revenue_gross,
        coalesce(sum(order_days.margin), 0) as margin
    from {{ ref('dim_period') }} as periods
    left join {{ ref('dim_period') }} as next_periods
        on
            periods.grain = next_periods.grain
            and periods.period_end = next_periods.period_start
    left join {{ ref('int_customer_order_days') }} as order_days
        on
            next_periods.period_start <= order_days.order_date
            and next_periods.period_end > order_days.order_date
    where periods.grain in ('month', 'quarter', 'year')
    group by periods.grain, periods.period_start
),

valued as (
    select
        grain,
        period_start,
        segment_set,
        is_margin,
        sum(next_value_total) as next_value_total
    from {{ ref('fct_concentration_period') }}
    group by grain, period_start, segment_set, is_margin
)

select valued.*
from valued
left join followers
    on
        valued.grain = followers.grain
        and valued.period_start = followers.period_start
where
    valued.next_value_total
    is distinct from case when valued.is_margin then followers.margin else followers.revenue_gross end
