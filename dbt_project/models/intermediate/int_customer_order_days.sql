with

orders as (
    select * from {{ ref('stg_orders') }}
),

days as (
    select
        customer_id,
        order_date,
        cast(count(*) as bigint) as orders_count,
        cast(sum(revenue_gross) as decimal(18, 4)) as revenue_gross,
        cast(sum(revenue_net) as decimal(18, 4)) as revenue_net,
        cast(sum(revenue_gross_constant) as decimal(18, 4)) as revenue_gross_constant,
        cast(count(margin) as bigint) as orders_costed,
        cast(coalesce(sum(margin), 0) as decimal(18, 4)) as margin
    from orders
    where is_valid and has_customer
    group by customer_id, order_date
),

final as (
    select
        customer_id,
        order_date,
        orders_count,
        revenue_gross,
        revenue_net,
        revenue_gross_constant,
        orders_costed,
        margin,
        cast(
            1 + coalesce(
                sum(orders_count) over (
                    partition by customer_id order by order_date asc
                    rows between unbounded preceding and 1 preceding
                ),
                0
            ) as bigint
        ) as order_number_first
    from days
)

select * from final
