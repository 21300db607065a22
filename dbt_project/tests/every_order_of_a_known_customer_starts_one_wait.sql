with

waits as (
    select
        grain,
        segment_set,
        sum(followed_count) as followed_count,
        sum(censored_count) as censored_count
    from {{ ref('fct_order_gap_period') }}
    group by grain, segment_set
),

orders as (
    select
        count(*) as orders_count,
        count(distinct customer_id) as customers_count
    from {{ ref('stg_orders') }}
    where is_valid and has_customer
)

select waits.*
from waits
cross join orders
where
    waits.censored_count <> orders.customers_count
    or waits.followed_count <> orders.orders_count - orders.customers_count
