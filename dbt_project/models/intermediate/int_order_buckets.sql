with

numbers as (
    {{ ranked_rows(['1', '2', '3', '4', last_order_bucket() ~ '+'], 'orders_bucket', 'orders_min') }}
),

final as (
    select
        orders_bucket,
        cast(orders_min as bigint) as orders_min,
        cast(case when orders_min < {{ last_order_bucket() }} then orders_min end as bigint) as orders_max
    from numbers
)

select * from final
