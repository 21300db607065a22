with

members as (
    select * from {{ ref('int_cohort_members_profiled') }}
),

listed as (
    select * from {{ ref('int_profile_segments_listed') }}
),

ordered_periods as (
    select * from {{ ref('int_customer_periods_ordered') }}
),

-- 19 digits: the square of an 18-digit amount would not fit the type that a product of two of them gets
-- a customer's squared value to date only moves in a period with orders, by after² - before²
active as (
    select
        members.grain,
        members.profile_id,
        members.cohort_start,
        members.cohort_number,
        ordered_periods.period_number - members.cohort_number as cohort_age,
        ordered_periods.next_period_number is null as is_last,
        ordered_periods.orders_count as orders,
        ordered_periods.orders_costed as costed,
        ordered_periods.revenue_gross as gross,
        ordered_periods.revenue_net as net,
        ordered_periods.margin,
        cast(ordered_periods.revenue_gross_to_date as decimal(19, 4)) as gross_after,
        cast(ordered_periods.revenue_net_to_date as decimal(19, 4)) as net_after,
        cast(ordered_periods.margin_to_date as decimal(19, 4)) as margin_after,
        cast(ordered_periods.revenue_gross_to_date - ordered_periods.revenue_gross as decimal(19, 4)) as gross_before,
        cast(ordered_periods.revenue_net_to_date - ordered_periods.revenue_net as decimal(19, 4)) as net_before,
        cast(ordered_periods.margin_to_date - ordered_periods.margin as decimal(19, 4)) as margin_before
    from members
    inner join ordered_periods
        on
            members.customer_id = ordered_periods.customer_id
            and members.grain = ordered_periods.grain
),

summed as (
    select
        grain,
        profile_id,
        cohort_start,
        cohort_number,
        cast(cohort_age as integer) as cohort_age,
        cast(count(*) as bigint) as customers_active,
        cast(count(*) filter (where is_last) as bigint) as customers_active_last,
        cast(sum(orders) as bigint) as orders_count,
        cast(sum(costed) as bigint) as orders_costed,
        cast(sum(gross) as decimal(38, 4)) as revenue_gross,
        cast(sum(net) as decimal(38, 4)) as revenue_net,
        cast(sum(margin) as decimal(38, 4)) as margin,
        cast(sum(gross_after * gross_after - gross_before * gross_before) as decimal(38, 8)) as revenue_gross_sq_change,
        cast(sum(net_after * net_after - net_before * net_before) as decimal(38, 8)) as revenue_net_sq_change,
        cast(
            sum(margin_after * margin_after - margin_before * margin_before) as decimal(38, 8)
        ) as margin_sq_change
    from active
    group by grain, profile_id, cohort_start, cohort_number, cohort_age
),

final as (
    select
        summed.grain,
        listed.segment_set,
        listed.segment_key,
        summed.cohort_start,
        summed.cohort_number,
        summed.cohort_age,
        cast(sum(summed.customers_active) as bigint) as customers_active,
        cast(sum(summed.customers_active_last) as bigint) as customers_active_last,
        cast(sum(summed.orders_count) as bigint) as orders_count,
        cast(sum(summed.orders_costed) as bigint) as orders_costed,
        cast(sum(summed.revenue_gross) as decimal(38, 4)) as revenue_gross,
        cast(sum(summed.revenue_net) as decimal(38, 4)) as revenue_net,
        cast(sum(summed.margin) as decimal(38, 4)) as margin,
        cast(sum(summed.revenue_gross_sq_change) as decimal(38, 8)) as revenue_gross_sq_change,
        cast(sum(summed.revenue_net_sq_change) as decimal(38, 8)) as revenue_net_sq_change,
        cast(sum(summed.margin_sq_change) as decimal(38, 8)) as margin_sq_change
    from summed
    inner join listed on summed.profile_id = listed.profile_id
    group by
        summed.grain,
        listed.segment_set,
        listed.segment_key,
        summed.cohort_start,
        summed.cohort_number,
        summed.cohort_age
)

select * from final
