with

ordered_periods as (
    select * from {{ ref('int_customer_periods_ordered') }}
),

profiles as (
    select * from {{ ref('int_customer_profiles_dated') }}
),

listed as (
    select * from {{ ref('int_profile_segments_listed') }}
),

-- 19 digits: the square of an 18-digit amount would not fit the type that a product of two of them gets
profiled as (
    select
        ordered_periods.grain,
        ordered_periods.period_start,
        profiles.profile_id,
        ordered_periods.orders_before > 0 as is_returning,
        ordered_periods.orders_before < 2
        and ordered_periods.orders_before + ordered_periods.orders_count >= 2 as is_second_order,
        ordered_periods.orders_count as orders,
        ordered_periods.orders_costed as costed,
        cast(ordered_periods.revenue_gross as decimal(19, 4)) as gross,
        cast(ordered_periods.revenue_net as decimal(19, 4)) as net,
        cast(ordered_periods.margin as decimal(19, 4)) as margin
    from ordered_periods
    inner join profiles
        on
            ordered_periods.customer_id = profiles.customer_id
            and ordered_periods.period_start >= profiles.valid_from
            and ordered_periods.period_start < profiles.valid_to
),

summed as (
    select
        grain,
        period_start,
        profile_id,
        cast(count(*) as bigint) as customers_ordering,
        cast(count(*) filter (where orders >= 2) as bigint) as customers_repeat_in_period,
        cast(count(*) filter (where is_returning) as bigint) as customers_returning,
        cast(count(*) filter (where is_second_order) as bigint) as customers_second_order,
        cast(sum(orders) as bigint) as orders_count,
        cast(sum(orders) filter (where is_returning) as bigint) as orders_count_returning,
        cast(sum(costed) as bigint) as orders_costed,
        cast(sum(gross) as decimal(38, 4)) as revenue_gross,
        cast(sum(net) as decimal(38, 4)) as revenue_net,
        cast(sum(gross) filter (where is_returning) as decimal(38, 4)) as revenue_gross_returning,
        cast(sum(net) filter (where is_returning) as decimal(38, 4)) as revenue_net_returning,
        cast(sum(margin) as decimal(38, 4)) as margin,
        cast(sum(gross - net) as decimal(38, 4)) as refunds_by_order_date,
        cast(sum(orders * orders) as bigint) as orders_sq,
        cast(sum(gross * gross) as decimal(38, 8)) as revenue_gross_sq,
        cast(sum(orders * gross) as decimal(38, 8)) as orders_x_revenue_gross,
        cast(sum(net * net) as decimal(38, 8)) as revenue_net_sq,
        cast(sum(orders * net) as decimal(38, 8)) as orders_x_revenue_net,
        cast(sum(orders * orders) filter (where is_returning) as bigint) as orders_count_returning_sq,
        cast(sum(gross * gross) filter (where is_returning) as decimal(38, 8)) as revenue_gross_returning_sq,
        cast(sum(orders * gross) filter (where is_returning) as decimal(38, 8)) as orders_x_revenue_gross_returning,
        cast(sum(margin * margin) as decimal(38, 8)) as margin_sq
    from profiled
    group by grain, period_start, profile_id
),

final as (
    select
        summed.grain,
        summed.period_start,
        listed.segment_set,
        listed.segment_key,
        cast(sum(summed.customers_ordering) as bigint) as customers_ordering,
        cast(sum(summed.customers_repeat_in_period) as bigint) as customers_repeat_in_period,
        cast(sum(summed.customers_returning) as bigint) as customers_returning,
        cast(sum(summed.customers_second_order) as bigint) as customers_second_order,
        cast(sum(summed.orders_count) as bigint) as orders_count,
        cast(sum(summed.orders_count_returning) as bigint) as orders_count_returning,
        cast(sum(summed.orders_costed) as bigint) as orders_costed,
        cast(sum(summed.revenue_gross) as decimal(38, 4)) as revenue_gross,
        cast(sum(summed.revenue_net) as decimal(38, 4)) as revenue_net,
        cast(sum(summed.revenue_gross_returning) as decimal(38, 4)) as revenue_gross_returning,
        cast(sum(summed.revenue_net_returning) as decimal(38, 4)) as revenue_net_returning,
        cast(sum(summed.margin) as decimal(38, 4)) as margin,
        cast(sum(summed.refunds_by_order_date) as decimal(38, 4)) as refunds_by_order_date,
        cast(sum(summed.orders_sq) as bigint) as orders_sq,
        cast(sum(summed.revenue_gross_sq) as decimal(38, 8)) as revenue_gross_sq,
        cast(sum(summed.orders_x_revenue_gross) as decimal(38, 8)) as orders_x_revenue_gross,
        cast(sum(summed.revenue_net_sq) as decimal(38, 8)) as revenue_net_sq,
        cast(sum(summed.orders_x_revenue_net) as decimal(38, 8)) as orders_x_revenue_net,
        cast(sum(summed.orders_count_returning_sq) as bigint) as orders_count_returning_sq,
        cast(sum(summed.revenue_gross_returning_sq) as decimal(38, 8)) as revenue_gross_returning_sq,
        cast(sum(summed.orders_x_revenue_gross_returning) as decimal(38, 8)) as orders_x_revenue_gross_returning,
        cast(sum(summed.margin_sq) as decimal(38, 8)) as margin_sq
    from summed
    inner join listed on summed.profile_id = listed.profile_id
    group by summed.grain, summed.period_start, listed.segment_set, listed.segment_key
)

select * from final
