with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

boundaries as (
    select period_start as boundary_date
    from periods
    where grain = {{ rfm_grain() }}
    union
    select boundary_end as boundary_date
    from periods
    where grain = {{ rfm_grain() }}
),

-- what the customer had done by the end of each order day: it stands until the next one
states as (
    select
        customer_id,
        order_date,
        order_number_first + orders_count - 1 as orders_to_date,
        sum(revenue_net) over (
            partition by customer_id order by order_date asc rows between unbounded preceding and current row
        ) as revenue_to_date,
        coalesce(
            lead(order_date) over (partition by customer_id order by order_date asc), cast('9999-12-31' as date)
        ) as next_order_date
    from order_days
    where exists (select 1 from boundaries)
),

at_boundary as (
    select
        states.customer_id,
        boundaries.boundary_date,
        states.order_date as last_order_date,
        states.orders_to_date,
        states.revenue_to_date
    from states
    inner join boundaries
        on states.order_date < boundaries.boundary_date and states.next_order_date >= boundaries.boundary_date
),

windows as (
    select
        boundary_date,
        {{ date_add_days('boundary_date', '-' ~ rfm_window_days()) }} as window_start
    from boundaries
),

at_window_start as (
    select
        states.customer_id,
        windows.boundary_date,
        states.orders_to_date,
        states.revenue_to_date
    from states
    inner join windows
        on states.order_date < windows.window_start and states.next_order_date >= windows.window_start
),

measured as (
    select
        at_boundary.customer_id,
        at_boundary.boundary_date,
        {{ days_between('at_boundary.last_order_date', 'at_boundary.boundary_date') }} as recency_days,
        at_boundary.orders_to_date - coalesce(at_window_start.orders_to_date, 0) as frequency,
        at_boundary.revenue_to_date - coalesce(at_window_start.revenue_to_date, 0) as monetary
    from at_boundary
    left join at_window_start
        on
            at_boundary.customer_id = at_window_start.customer_id
            and at_boundary.boundary_date = at_window_start.boundary_date
),

final as (
    select
        customer_id,
        boundary_date,
        cast(recency_days as integer) as recency_days,
        cast(frequency as bigint) as frequency,
        cast(monetary as decimal(38, 4)) as monetary,
        cast({{ rfm_score('recency_days', 'recency_days', less_is_better=true) }} as integer) as recency_score,
        cast({{ rfm_score('frequency', 'frequency') }} as integer) as frequency_score,
        cast({{ rfm_score('monetary', 'monetary') }} as integer) as monetary_score
    from measured
)

select * from final
