with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

days as (
    select * from {{ ref('int_days_mapped') }}
),

spells as (
    select * from {{ ref('int_customer_spells') }}
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
        cast(sum(order_days.revenue_gross_constant) as decimal(18, 4)) as revenue_gross_constant,
        cast(sum(order_days.orders_costed) as bigint) as orders_costed,
        cast(sum(order_days.margin) as decimal(18, 4)) as margin,
        cast(min(order_days.order_number_first) - 1 as bigint) as orders_before,
        max(order_days.order_date) as last_order_date
    from order_days
    inner join days on order_days.order_date = days.calendar_date
    group by order_days.customer_id, days.grain, days.period_start, days.period_number
),

final as (
    select
        periods.customer_id,
        periods.grain,
        periods.period_start,
        periods.period_number,
        periods.orders_count,
        periods.revenue_gross,
        periods.revenue_net,
        periods.revenue_gross_constant,
        periods.orders_costed,
        periods.margin,
        periods.orders_before,
        spells.spell_end as active_until,
        lag(spells.spell_end) over in_order as previous_active_until,
        cast(sum(periods.revenue_gross) over to_date as decimal(18, 4)) as revenue_gross_to_date,
        cast(sum(periods.revenue_net) over to_date as decimal(18, 4)) as revenue_net_to_date,
        cast(sum(periods.margin) over to_date as decimal(18, 4)) as margin_to_date,
        lag(periods.period_number) over in_order as previous_period_number,
        lag(periods.revenue_gross) over in_order as previous_revenue_gross,
        lag(periods.revenue_gross_constant) over in_order as previous_revenue_gross_constant,
        lead(periods.period_number) over in_order as next_period_number
    from periods
    inner join spells
        on
            periods.customer_id = spells.customer_id
            and periods.last_order_date >= spells.spell_start
            and periods.last_order_date <= spells.spell_end
    window
        in_order as (partition by periods.customer_id, periods.grain order by periods.period_number asc),
        to_date as (
            partition by periods.customer_id, periods.grain order by periods.period_number asc
            rows between unbounded preceding and current row
        )
)

select * from final
