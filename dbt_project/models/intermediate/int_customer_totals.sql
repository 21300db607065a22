with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

summed as (
    select
        customer_id,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        sum(orders_count) as orders_count,
        sum(revenue_net) as revenue_net,
        sum(orders_costed) as orders_costed,
        sum(margin) as margin,
        sum(orders_count) filter (where order_date > {{ date_add_days(as_of(), -365) }}) as frequency_year,
        sum(revenue_net) filter (where order_date > {{ date_add_days(as_of(), -365) }}) as value_year
    from order_days
    group by customer_id
),

final as (
    select
        customer_id,
        first_order_date,
        last_order_date,
        cast(orders_count as bigint) as orders_count,
        cast(coalesce(frequency_year, 0) as bigint) as frequency_year,
        cast(coalesce(value_year, 0) as decimal(18, 4)) as value_year,
        cast(revenue_net as decimal(18, 4)) as revenue_net,
        case when orders_costed = orders_count then cast(margin as decimal(18, 4)) end as margin
    from summed
)

select * from final
