with

spells as (
    select * from {{ ref('int_customer_spells') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

ordered_periods as (
    select * from {{ ref('int_customer_periods_ordered') }}
),

-- a spell touches a period when it covers its start or its end, or began inside it; short spells may touch the same one
touched as (
    select
        spells.customer_id,
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        bool_or(spells.spell_start < periods.period_start) as is_active_start,
        bool_or(spells.spell_end >= periods.boundary_end) as is_active_end
    from spells
    inner join periods
        on
            spells.spell_start < periods.boundary_end
            and spells.spell_end >= periods.period_start
    group by spells.customer_id, periods.calendar, periods.grain, periods.period_start, periods.period_end
),

-- every period with an order is touched, so a running sum over the touched ones misses none
final as (
    select
        touched.customer_id,
        touched.calendar,
        touched.grain,
        touched.period_start,
        touched.period_end,
        touched.is_active_start,
        touched.is_active_end,
        coalesce(ordered_periods.orders_count, cast(0 as bigint)) as orders_count,
        coalesce(ordered_periods.revenue_gross, cast(0 as decimal(18, 4))) as revenue_gross,
        coalesce(ordered_periods.revenue_net, cast(0 as decimal(18, 4))) as revenue_net,
        cast(0 as decimal(18, 4)) as previous_revenue_gross,
        cast(
            coalesce(
                sum(ordered_periods.orders_count) over (
                    partition by touched.customer_id, touched.grain order by touched.period_start asc
                    rows between unbounded preceding and 1 preceding
                ),
                0
            ) as bigint
        ) as orders_before
    from touched
    left join ordered_periods
        on
            touched.customer_id = ordered_periods.customer_id
            and touched.grain = ordered_periods.grain
            and touched.period_start = ordered_periods.period_start
)

select * from final
