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

-- the periods that an order in an earlier one can reach at all; few, so that no customer meets all periods
reachable as (
    select
        earlier.grain,
        earlier.period_number as ordered_number,
        later.calendar,
        later.period_number,
        later.period_start,
        later.period_end,
        later.boundary_end
    from periods as earlier
    inner join periods as later
        on
            earlier.grain = later.grain
            and earlier.period_number < later.period_number
            and later.period_start <= {{ date_add_days('earlier.period_end', var('activity_window_days')) }}
),

-- the periods after an ordering one that its spell still reaches, up to the next order
following as (
    select
        ordered_periods.customer_id,
        reachable.calendar,
        reachable.grain,
        reachable.period_start,
        reachable.period_end,
        true as is_active_start,
        ordered_periods.active_until >= reachable.boundary_end as is_active_end,
        false as is_new,
        cast(0 as bigint) as orders_count,
        cast(0 as decimal(18, 4)) as revenue_gross,
        cast(0 as decimal(18, 4)) as revenue_net,
        cast(0 as decimal(18, 4)) as revenue_gross_constant,
        cast(0 as decimal(18, 4)) as previous_revenue_gross,
        cast(0 as decimal(18, 4)) as previous_revenue_gross_constant,
        ordered_periods.orders_before + ordered_periods.orders_count as orders_before
    from ordered_periods
    inner join reachable
        on
            ordered_periods.grain = reachable.grain
            and ordered_periods.period_number = reachable.ordered_number
            and ordered_periods.active_until >= reachable.period_start
    where ordered_periods.next_period_number is null or ordered_periods.next_period_number > reachable.period_number
),

final as (
    select * from ordering
    union all
    select * from following
)

select * from final
