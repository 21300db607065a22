with

orders as (
    select * from {{ ref('stg_orders') }}
),

attributes as (
    select * from {{ ref('stg_customer_attributes') }}
),

feedback as (
    select * from {{ ref('stg_feedback') }}
),

invitations as (
    select * from {{ ref('stg_invitations') }}
),

subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
),

tickets as (
    select * from {{ ref('stg_tickets') }}
),

final as (
    select customer_id
    from orders
    where is_valid and has_customer
    union
    select customer_id
    from attributes
    union
    select customer_id
    from feedback
    where is_counted and customer_id is not null
    union
    select customer_id
    from invitations
    where customer_id is not null
    union
    select customer_id
    from subscriptions
    where is_valid
    union
    select customer_id
    from tickets
    where customer_id is not null
)

select customer_id
from final
