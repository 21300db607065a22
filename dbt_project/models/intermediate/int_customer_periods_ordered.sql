with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

days as (
    select * from {{ ref('int_days_mapped') }}
),

periods as (
    select
        order_days.customer_id,
        days.grain,
        days.period_start,
        days.period_number,
        cast(sum(order_days.orders_count) as bigint) as orders_count,
        cast(sum(order_days.revenue_gross) as decimal(18, 4)) as revenue_gross,
        cast(sum(order_days.revenue_net) as decimal(18, 4)) as revenue_net,
        cast(min(order_days.order_number_first) - 1 as bigint) as orders_before
    from order_days
    inner join days on order_days.order_date = days.calendar_date
    group by order_days.customer_id, days.grain, days.period_start, days.period_number
),

final as (
    select
        customer_id,
        grain,
        period_start,
        period_number,
        orders_count,
        revenue_gross,
        revenue_net,
        orders_before,
        cast(sum(revenue_gross) over to_date as decimal(18, 4)) as revenue_gross_to_date,
        cast(sum(revenue_net) over to_date as decimal(18, 4)) as revenue_net_to_date,
        lag(period_number) over in_order as previous_period_number,
        lag(revenue_gross) over in_order as previous_revenue_gross,
        lead(period_number) over in_order as next_period_number
    from periods
    window
        in_order as (partition by customer_id, grain order by period_number asc),
        to_date as (
            partition by customer_id, grain order by period_number asc
            rows between unbounded preceding and current row
        )
)

select * from final
