with

ordered_periods as (
    select * from {{ ref('int_customer_periods_ordered') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

ordering as (
    select
        customer_id,
        grain,
        period_number,
        coalesce(previous_period_number = period_number - 1, false) as is_active_start,
        true as is_active_end,
        orders_before = 0 as is_new,
        orders_count,
        revenue_gross,
        revenue_net,
        revenue_gross_constant,
        case
            when previous_period_number = period_number - 1 then previous_revenue_gross
            else cast(0 as decimal(18, 4))
        end as previous_revenue_gross,
        case
            when previous_period_number = period_number - 1 then previous_revenue_gross_constant
            else cast(0 as decimal(18, 4))
        end as previous_revenue_gross_constant,
        orders_before
    from ordered_periods
),

-- who ordered in a period but not in the next one is lost in the next one
leaving as (
    select
        customer_id,
        grain,
        period_number + 1 as period_number,
        true as is_active_start,
        false as is_active_end,
        false as is_new,
        cast(0 as bigint) as orders_count,
        cast(0 as decimal(18, 4)) as revenue_gross,
        cast(0 as decimal(18, 4)) as revenue_net,
        cast(0 as decimal(18, 4)) as revenue_gross_constant,
        revenue_gross as previous_revenue_gross,
        revenue_gross_constant as previous_revenue_gross_constant,
        orders_before + orders_count as orders_before
    from ordered_periods
    where next_period_number is distinct from period_number + 1
),

both_kinds as (
    select * from ordering
    union all
    select * from leaving
),

final as (
    select
        both_kinds.customer_id,
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        both_kinds.is_active_start,
        both_kinds.is_active_end,
        both_kinds.is_new,
        both_kinds.orders_count,
        both_kinds.revenue_gross,
        both_kinds.revenue_net,
        both_kinds.revenue_gross_constant,
        both_kinds.previous_revenue_gross,
        both_kinds.previous_revenue_gross_constant,
        both_kinds.orders_before
    from both_kinds
    inner join periods
        on
            both_kinds.grain = periods.grain
            and both_kinds.period_number = periods.period_number
)

select * from final
