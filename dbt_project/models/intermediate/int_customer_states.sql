with

purchase_spells as (
    select * from {{ ref('int_customer_spells') }}
),

subscription_spells as (
    select * from {{ ref('int_subscription_spells') }}
),

purchases as (
    select
        customer_id,
        max(spell_end) as active_until
    from purchase_spells
    group by customer_id
),

subscriptions as (
    select
        customer_id,
        max(spell_end) as active_until
    from subscription_spells
    group by customer_id
),

-- whoever ever subscribed is active by subscription alone: orders of somebody who cancelled do not make up for it
final as (
    select
        coalesce(subscriptions.customer_id, purchases.customer_id) as customer_id,
        coalesce(subscriptions.active_until, purchases.active_until) >= {{ date_add_days(as_of(), 1) }} as is_active
    from purchases
    full outer join subscriptions on purchases.customer_id = subscriptions.customer_id
)

select * from final
