with

orders_delivered as (
    {{ visible_deliveries('orders') }}
),

orders as (
    select count(distinct raw_orders.order_id) as keys_count
    from {{ source('raw', 'orders') }} as raw_orders
    inner join orders_delivered on raw_orders.delivery_id = orders_delivered.delivery_id
    where raw_orders.known_date <= {{ as_of() }}
),

customers_delivered as (
    {{ visible_deliveries('customers') }}
),

customers as (
    select count(distinct raw_customers.customer_id) as keys_count
    from {{ source('raw', 'customers') }} as raw_customers
    inner join customers_delivered on raw_customers.delivery_id = customers_delivered.delivery_id
    where raw_customers.known_date <= {{ as_of() }}
),

feedback_delivered as (
    {{ visible_deliveries('feedback') }}
),

feedback as (
    select count(distinct raw_feedback.feedback_id) as keys_count
    from {{ source('raw', 'feedback') }} as raw_feedback
    inner join feedback_delivered on raw_feedback.delivery_id = feedback_delivered.delivery_id
    where raw_feedback.known_date <= {{ as_of() }}
),

reasons as (
    select
        coalesce(exclusion_reason, 'valid') as reason,
        count(*) as orders_count
    from {{ ref('stg_orders') }}
    where is_valid = (exclusion_reason is null)
    group by coalesce(exclusion_reason, 'valid')
),

compared as (
    select
        'orders' as entity,
        orders.keys_count,
        (select coalesce(sum(reasons.orders_count), 0) from reasons) as staged_count
    from orders
    union all
    select
        'customers' as entity,
        customers.keys_count,
        (select count(*) from {{ ref('stg_customers') }}) as staged_count
    from customers
    union all
    select
        'feedback' as entity,
        feedback.keys_count,
        (select count(*) from {{ ref('stg_feedback') }}) as staged_count
    from feedback
)

select *
from compared
where keys_count <> staged_count
