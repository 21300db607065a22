with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

customers as (
    select * from {{ ref('stg_customers') }}
),

subscription_spells as (
    select * from {{ ref('int_subscription_spells') }}
),

-- whoever a fact counts is a customer here, orders or not
registered as (
    select customer_id
    from customers
    union
    select customer_id
    from subscription_spells
),

purchases as (
    select
        customer_id,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        sum(orders_count) as orders_count,
        sum(revenue_gross) as revenue_gross,
        sum(revenue_net) as revenue_net
    from order_days
    group by customer_id
),

final as (
    select
        coalesce(purchases.customer_id, registered.customer_id) as customer_id,
        purchases.first_order_date,
        purchases.last_order_date,
        cast(coalesce(purchases.orders_count, 0) as bigint) as orders_count,
        cast(coalesce(purchases.revenue_gross, 0) as decimal(18, 4)) as revenue_gross,
        cast(coalesce(purchases.revenue_net, 0) as decimal(18, 4)) as revenue_net,
        {{ business_date('customers.created_at') }} as created_date
    from purchases
    full outer join registered on purchases.customer_id = registered.customer_id
    left join customers on registered.customer_id = customers.customer_id
)

select * from final
