with

attributes as (
    select * from {{ ref('stg_customer_attributes') }}
),

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

ranks as (
    {{ ranked_rows(var('loyalty_tiers'), 'segment_key', 'tier_rank') }}
),

ranked as (
    select
        attributes.customer_id,
        attributes.valid_from,
        ranks.tier_rank,
        lag(ranks.tier_rank) over (
            partition by attributes.customer_id order by attributes.valid_from asc
        ) as previous_rank
    from attributes
    inner join ranks on attributes.segment_key = ranks.segment_key
    where attributes.segment_set = {{ text_literal(var('loyalty_segment')) }}
),

rises as (
    select
        customer_id,
        min(valid_from) as risen_date
    from ranked
    where tier_rank > previous_rank
    group by customer_id
),

windowed as (
    select
        customer_id,
        risen_date,
        {{ date_add_days('risen_date', '-' ~ var('activity_window_days')) }} as window_start,
        {{ date_add_days('risen_date', var('activity_window_days')) }} as window_end
    from rises
),

-- the order that earns the tier falls on the day it is known, so that day is in neither window;
-- only who had been a customer for the whole window before the rise, and whose window after it has passed
final as (
    select
        windowed.customer_id,
        windowed.risen_date,
        cast(
            coalesce(sum(order_days.orders_count) filter (
                where order_days.order_date >= windowed.window_start and order_days.order_date < windowed.risen_date
            ), 0) as bigint
        ) as orders_before,
        cast(
            coalesce(sum(order_days.orders_count) filter (
                where order_days.order_date > windowed.risen_date and order_days.order_date <= windowed.window_end
            ), 0) as bigint
        ) as orders_after
    from windowed
    inner join order_days on windowed.customer_id = order_days.customer_id
    where windowed.window_end <= {{ as_of() }}
    group by windowed.customer_id, windowed.risen_date, windowed.window_start
    having min(order_days.order_date) < windowed.window_start
)

select * from final
