with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

spells as (
    select * from {{ ref('int_customer_spells') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
    where is_valid and has_customer
),

discounts as (
    select
        customer_id,
        order_date,
        bool_or(discount_amount > 0) as is_discounted
    from orders
    where discount_amount is not null
    group by customer_id, order_date
),

followed as (
    select
        customer_id,
        order_date,
        lead(order_date) over (partition by customer_id order by order_date asc) as next_order_date,
        {{ date_add_days('order_date', var('activity_window_days')) }} as window_end
    from order_days
),

-- the first order day and every one that ends an absence; only where the whole window after it has been seen
final as (
    select
        followed.customer_id,
        followed.order_date,
        spells.spell_number > 1 as is_reactivation,
        case when spells.spell_number = 1 then discounts.is_discounted end as is_discounted,
        coalesce(followed.next_order_date <= followed.window_end, false) as has_reordered
    from followed
    inner join spells
        on
            followed.customer_id = spells.customer_id
            and followed.order_date = spells.spell_start
    left join discounts
        on
            followed.customer_id = discounts.customer_id
            and followed.order_date = discounts.order_date
    where followed.window_end <= {{ as_of() }}
)

select * from final
