with

orders as (
    select * from {{ ref('stg_orders') }}
    where is_valid and has_customer
),

numbered as (
    select
        customer_id,
        revenue_gross,
        row_number() over (
            partition by customer_id order by order_date asc, ordered_at asc, order_id asc
        ) as order_number,
        count(*) over (partition by customer_id) as orders_count
    from orders
),

-- what the steps from one purchase to the next add up to, per step; of whole ten-thousandths, so that halves are halves
final as (
    select
        customer_id,
        cast(max(orders_count) - 1 as bigint) as steps_count,
        cast(
            round(
                cast(10000 * sum(
                    case when order_number = orders_count then revenue_gross else -revenue_gross end
                ) as double) / (max(orders_count) - 1)
            ) / 10000 as decimal(18, 4)
        ) as mean_step
    from numbered
    where orders_count > 1 and (order_number = 1 or order_number = orders_count)
    group by customer_id
)

select * from final
