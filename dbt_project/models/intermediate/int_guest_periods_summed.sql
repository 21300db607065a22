with

orders as (
    select * from {{ ref('stg_orders') }}
),

days as (
    select * from {{ ref('int_days_mapped') }}
),

final as (
    select
        days.grain,
        days.period_start,
        'all' as segment_set,
        'all' as segment_key,
        cast(count(*) as bigint) as orders_count_guest,
        cast(sum(orders.revenue_gross) as decimal(38, 4)) as revenue_gross_guest,
        cast(sum(orders.revenue_net) as decimal(38, 4)) as revenue_net_guest,
        cast(sum(orders.revenue_gross - orders.revenue_net) as decimal(38, 4)) as refunds_by_order_date_guest
    from orders
    inner join days on orders.order_date = days.calendar_date
    where orders.is_valid and not orders.has_customer
    group by days.grain, days.period_start
)

select * from final
