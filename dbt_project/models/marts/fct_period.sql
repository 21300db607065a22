with

customers as (
    select * from {{ ref('int_period_customers_counted') }}
),

orders as (
    select * from {{ ref('int_period_orders_summed') }}
),

refunds as (
    select * from {{ ref('int_period_refunds_summed') }}
),

bridged as (
    select * from {{ ref('int_period_revenue_bridged') }}
),

guests as (
    select * from {{ ref('int_guest_periods_summed') }}
),

-- every basis, period and key, so that nothing having happened is a zero and not a gap
cells as (
    select * from {{ ref('int_period_cells_listed') }}
),

final as (
    select
        cells.basis,
        cells.calendar,
        cells.grain,
        cells.period_start,
        cells.period_end,
        cells.segment_set,
        cells.segment_key,
        coalesce(customers.customers_start, cast(0 as bigint)) as customers_start,
        coalesce(customers.customers_end, cast(0 as bigint)) as customers_end,
        coalesce(customers.customers_new, cast(0 as bigint)) as customers_new,
        coalesce(customers.customers_new_kept, cast(0 as bigint)) as customers_new_kept,
        coalesce(customers.customers_retained, cast(0 as bigint)) as customers_retained,
        coalesce(customers.customers_lost, cast(0 as bigint)) as customers_lost,
        coalesce(customers.customers_reactivated, cast(0 as bigint)) as customers_reactivated,
        coalesce(customers.customers_new_lost, cast(0 as bigint)) as customers_new_lost,
        cells.began_before - coalesce(customers.customers_start, 0) as customers_lapsed_start,
        coalesce(customers.customers_active, cast(0 as bigint)) as customers_active,
        coalesce(orders.customers_ordering, cast(0 as bigint)) as customers_ordering,
        coalesce(orders.customers_repeat_in_period, cast(0 as bigint)) as customers_repeat_in_period,
        coalesce(orders.customers_returning, cast(0 as bigint)) as customers_returning,
        cells.customers_before
        + coalesce(orders.customers_ordering - orders.customers_returning, 0) as customers_ever,
        cells.customers_repeat_before + coalesce(orders.customers_second_order, 0) as customers_repeat_ever,
        coalesce(orders.orders_count, cast(0 as bigint)) as orders_count,
        coalesce(orders.orders_count_returning, cast(0 as bigint)) as orders_count_returning,
        coalesce(guests.orders_count_guest, cast(0 as bigint)) as orders_count_guest,
        coalesce(orders.orders_costed, cast(0 as bigint)) as orders_costed,
        coalesce(orders.revenue_gross, cast(0 as decimal(38, 4))) as revenue_gross,
        coalesce(orders.revenue_net, cast(0 as decimal(38, 4))) as revenue_net,
        coalesce(orders.revenue_gross_returning, cast(0 as decimal(38, 4))) as revenue_gross_returning,
        coalesce(orders.revenue_net_returning, cast(0 as decimal(38, 4))) as revenue_net_returning,
        coalesce(guests.revenue_gross_guest, cast(0 as decimal(38, 4))) as revenue_gross_guest,
        coalesce(guests.revenue_net_guest, cast(0 as decimal(38, 4))) as revenue_net_guest,
        coalesce(orders.margin, cast(0 as decimal(38, 4))) as margin,
        coalesce(orders.refunds_by_order_date, cast(0 as decimal(38, 4))) as refunds_by_order_date,
        coalesce(refunds.refunds_by_refund_date, cast(0 as decimal(38, 4))) as refunds_by_refund_date,
        coalesce(refunds.customers_refunded, cast(0 as bigint)) as customers_refunded,
        coalesce(guests.refunds_by_order_date_guest, cast(0 as decimal(38, 4))) as refunds_by_order_date_guest,
        coalesce(refunds.refunds_by_refund_date_guest, cast(0 as decimal(38, 4))) as refunds_by_refund_date_guest,
        coalesce(bridged.customers_revenue_previous, cast(0 as bigint)) as customers_revenue_previous,
        coalesce(bridged.revenue_previous, cast(0 as decimal(38, 4))) as revenue_previous,
        coalesce(bridged.revenue_retained_gross, cast(0 as decimal(38, 4))) as revenue_retained_gross,
        coalesce(bridged.revenue_retained_net, cast(0 as decimal(38, 4))) as revenue_retained_net,
        coalesce(bridged.revenue_new, cast(0 as decimal(38, 4))) as revenue_new,
        coalesce(bridged.revenue_reactivation, cast(0 as decimal(38, 4))) as revenue_reactivation,
        coalesce(bridged.revenue_expansion, cast(0 as decimal(38, 4))) as revenue_expansion,
        coalesce(bridged.revenue_contraction, cast(0 as decimal(38, 4))) as revenue_contraction,
        coalesce(bridged.revenue_churn, cast(0 as decimal(38, 4))) as revenue_churn,
        coalesce(bridged.revenue_fx, cast(0 as decimal(38, 4))) as revenue_fx,
        coalesce(bridged.revenue_current, cast(0 as decimal(38, 4))) as revenue_current,
        coalesce(bridged.revenue_previous_constant, cast(0 as decimal(38, 4))) as revenue_previous_constant,
        coalesce(bridged.revenue_retained_gross_constant, cast(0 as decimal(38, 4))) as revenue_retained_gross_constant,
        coalesce(bridged.revenue_retained_net_constant, cast(0 as decimal(38, 4))) as revenue_retained_net_constant,
        coalesce(orders.orders_sq, cast(0 as bigint)) as orders_sq,
        coalesce(orders.revenue_gross_sq, cast(0 as decimal(38, 8))) as revenue_gross_sq,
        coalesce(orders.orders_x_revenue_gross, cast(0 as decimal(38, 8))) as orders_x_revenue_gross,
        coalesce(orders.revenue_net_sq, cast(0 as decimal(38, 8))) as revenue_net_sq,
        coalesce(orders.orders_x_revenue_net, cast(0 as decimal(38, 8))) as orders_x_revenue_net,
        coalesce(orders.orders_count_returning_sq, cast(0 as bigint)) as orders_count_returning_sq,
        coalesce(orders.revenue_gross_returning_sq, cast(0 as decimal(38, 8))) as revenue_gross_returning_sq,
        coalesce(
            orders.orders_x_revenue_gross_returning, cast(0 as decimal(38, 8))
        ) as orders_x_revenue_gross_returning,
        coalesce(orders.margin_sq, cast(0 as decimal(38, 8))) as margin_sq,
        coalesce(bridged.previous_sq, cast(0 as decimal(38, 8))) as previous_sq,
        coalesce(bridged.retained_gross_sq, cast(0 as decimal(38, 8))) as retained_gross_sq,
        coalesce(bridged.retained_gross_x_previous, cast(0 as decimal(38, 8))) as retained_gross_x_previous,
        coalesce(bridged.retained_net_sq, cast(0 as decimal(38, 8))) as retained_net_sq,
        coalesce(bridged.retained_net_x_previous, cast(0 as decimal(38, 8))) as retained_net_x_previous
    from cells
    left join customers using (basis, grain, period_start, segment_set, segment_key)
    left join orders using (grain, period_start, segment_set, segment_key)
    left join refunds using (grain, period_start, segment_set, segment_key)
    left join bridged using (basis, grain, period_start, segment_set, segment_key)
    left join guests using (grain, period_start, segment_set, segment_key)
)

select * from final
