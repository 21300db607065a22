with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

subscription_spells as (
    select * from {{ ref('int_subscription_spells') }}
),

final as (
    select
        customer_id,
        'ordered' as milestone,
        min(order_date) as reached_date
    from order_days
    group by customer_id
    union all
    select
        customer_id,
        'ordered_again' as milestone,
        min(order_date) as reached_date
    from order_days
    where order_number_first + orders_count > 2
    group by customer_id
    union all
    select
        customer_id,
        'subscribed' as milestone,
        spell_start as reached_date
    from subscription_spells
    where spell_number = 1
)

select * from final
