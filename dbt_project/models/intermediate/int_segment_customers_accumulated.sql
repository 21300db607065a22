with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

keys as (
    select * from {{ ref('int_segments_observed') }}
),

days as (
    select * from {{ ref('int_days_elapsed') }}
),

reached as (
    select
        customer_id,
        1 as orders_reached,
        min(order_date) as reached_date
    from order_days
    group by customer_id
    union all
    select
        customer_id,
        2 as orders_reached,
        min(order_date) as reached_date
    from order_days
    where order_number_first + orders_count > 2
    group by customer_id
),

-- a customer counts on the dates x with reached_date < x and valid_from <= x < valid_to
stays as (
    select
        segments.segment_set,
        segments.segment_key,
        reached.orders_reached,
        greatest({{ date_add_days('reached.reached_date', 1) }}, segments.valid_from) as counted_from,
        segments.valid_to as counted_until
    from reached
    inner join segments
        on
            reached.customer_id = segments.customer_id
            and reached.reached_date < {{ date_add_days('segments.valid_to', -1) }}
),

changes as (
    select
        segment_set,
        segment_key,
        orders_reached,
        counted_from as calendar_date,
        1 as step
    from stays
    union all
    select
        segment_set,
        segment_key,
        orders_reached,
        counted_until as calendar_date,
        -1 as step
    from stays
),

daily as (
    select
        segment_set,
        segment_key,
        calendar_date,
        sum(step) filter (where orders_reached = 1) as ordered_change,
        sum(step) filter (where orders_reached = 2) as repeated_change
    from changes
    group by segment_set, segment_key, calendar_date
),

final as (
    select
        keys.segment_set,
        keys.segment_key,
        days.calendar_date,
        cast(coalesce(sum(daily.ordered_change) over to_date, 0) as bigint) as customers_before,
        cast(coalesce(sum(daily.repeated_change) over to_date, 0) as bigint) as customers_repeat_before
    from keys
    cross join days
    left join daily
        on
            keys.segment_set = daily.segment_set
            and keys.segment_key = daily.segment_key
            and days.calendar_date = daily.calendar_date
    window to_date as (
        partition by keys.segment_set, keys.segment_key order by days.calendar_date asc
        rows between unbounded preceding and current row
    )
)

select * from final
