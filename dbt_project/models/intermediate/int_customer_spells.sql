with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

gaps as (
    select
        customer_id,
        order_date,
        lag(order_date) over (partition by customer_id order by order_date asc) as previous_order_date
    from order_days
),

-- an order exactly W days after the one before it still extends the spell
openings as (
    select
        customer_id,
        order_date,
        case
            when order_date <= {{ date_add_days('previous_order_date', var('activity_window_days')) }} then 0
            else 1
        end as is_opening
    from gaps
),

numbered as (
    select
        customer_id,
        order_date,
        sum(is_opening) over (
            partition by customer_id order by order_date asc rows between unbounded preceding and current row
        ) as spell_number
    from openings
),

final as (
    select
        customer_id,
        cast(spell_number as integer) as spell_number,
        min(order_date) as spell_start,
        {{ date_add_days('max(order_date)', var('activity_window_days')) }} as spell_end
    from numbered
    group by customer_id, spell_number
)

select * from final
