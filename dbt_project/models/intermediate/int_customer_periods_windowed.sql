with

ordered_periods as (
    select * from {{ ref('int_customer_periods_ordered') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

-- nobody orders between two of these rows, so the earlier one's spell decides about every boundary in between
ordering as (
    select
        ordered_periods.customer_id,
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        coalesce(ordered_periods.previous_active_until >= periods.period_start, false) as is_active_start,
        ordered_periods.active_until >= periods.boundary_end as is_active_end,
        ordered_periods.orders_before = 0 as is_new,
        ordered_periods.orders_count,
        ordered_periods.revenue_gross,
        ordered_periods.revenue_net,
        ordered_periods.revenue_gross_constant,
        cast(0 as decimal(18, 4)) as previous_revenue_gross,
        cast(0 as decimal(18, 4)) as previous_revenue_gross_constant,
        ordered_periods.orders_before
    from ordered_periods
    inner join periods
        on
            ordered_periods.grain = periods.grain
            and ordered_periods.period_number = periods.period_number
),

-- the periods after an ordering one that its spell still reaches, up to the next order
following as (
    select
        ordered_periods.customer_id,
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        true as is_active_start,
        ordered_periods.active_until >= periods.boundary_end as is_active_end,
        false as is_new,
        cast(0 as bigint) as orders_count,
        cast(0 as decimal(18, 4)) as revenue_gross,
        cast(0 as decimal(18, 4)) as revenue_net,
        cast(0 as decimal(18, 4)) as revenue_gross_constant,
        cast(0 as decimal(18, 4)) as previous_revenue_gross,
        cast(0 as decimal(18, 4)) as previous_revenue_gross_constant,
        ordered_periods.orders_before + ordered_periods.orders_count as orders_before
    from ordered_periods
    inner join periods
        on
            ordered_periods.grain = periods.grain
            and ordered_periods.period_start < periods.period_start
            and ordered_periods.active_until >= periods.period_start
    where ordered_periods.next_period_number is null or ordered_periods.next_period_number > periods.period_number
),

final as (
    select * from ordering
    union all
    select * from following
)

select * from final
