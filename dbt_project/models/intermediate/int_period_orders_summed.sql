with

customer_periods as (
    select * from {{ ref('fct_customer_period') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

-- 19 digits: the square of an 18-digit amount would not fit the type that a product of two of them gets
-- who orders in a period is the same on every basis, and the calendar rows also know the period before
segmented as (
    select
        customer_periods.grain,
        customer_periods.period_start,
        segments.segment_set,
        segments.segment_key,
        customer_periods.is_ordering and not customer_periods.is_new as is_returning,
        customer_periods.orders_before < 2
        and customer_periods.orders_before + customer_periods.orders_count >= 2 as is_second_order,
        customer_periods.orders_count as orders,
        cast(customer_periods.revenue_gross as decimal(19, 4)) as gross,
        cast(customer_periods.revenue_net as decimal(19, 4)) as net
    from customer_periods
    inner join segments
        on
            customer_periods.customer_id = segments.customer_id
            and customer_periods.period_start >= segments.valid_from
            and customer_periods.period_start < segments.valid_to
    where customer_periods.basis = 'calendar' and customer_periods.is_ordering
),

final as (
    select
        grain,
        period_start,
        segment_set,
        segment_key,
        cast(count(*) as bigint) as customers_ordering,
        cast(count(*) filter (where orders >= 2) as bigint) as customers_repeat_in_period,
        cast(count(*) filter (where is_returning) as bigint) as customers_returning,
        cast(count(*) filter (where is_second_order) as bigint) as customers_second_order,
        cast(sum(orders) as bigint) as orders_count,
        cast(sum(orders) filter (where is_returning) as bigint) as orders_count_returning,
        cast(sum(gross) as decimal(38, 4)) as revenue_gross,
        cast(sum(net) as decimal(38, 4)) as revenue_net,
        cast(sum(gross) filter (where is_returning) as decimal(38, 4)) as revenue_gross_returning,
        cast(sum(net) filter (where is_returning) as decimal(38, 4)) as revenue_net_returning,
        cast(sum(orders * orders) as bigint) as orders_sq,
        cast(sum(gross * gross) as decimal(38, 8)) as revenue_gross_sq,
        cast(sum(orders * gross) as decimal(38, 8)) as orders_x_revenue_gross,
        cast(sum(net * net) as decimal(38, 8)) as revenue_net_sq,
        cast(sum(orders * net) as decimal(38, 8)) as orders_x_revenue_net,
        cast(sum(gross * gross) filter (where is_returning) as decimal(38, 8)) as revenue_gross_returning_sq
    from segmented
    group by grain, period_start, segment_set, segment_key
)

select * from final
