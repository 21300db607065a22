with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

followed as (
    select
        customer_id,
        order_date,
        orders_count,
        order_number_first,
        lead(order_date) over (partition by customer_id order by order_date asc) as next_order_date
    from order_days
),

-- all but the last order of a day are followed on that day; the last one waits for another day
final as (
    select
        customer_id,
        order_date,
        true as is_last_of_day,
        cast(order_number_first + orders_count - 1 as bigint) as order_number_first,
        cast({{ days_between('order_date', 'coalesce(next_order_date, ' ~ as_of() ~ ')') }} as integer) as gap_days,
        cast(case when next_order_date is null then 0 else 1 end as bigint) as followed_count,
        cast(case when next_order_date is null then 1 else 0 end as bigint) as censored_count
    from followed
    union all
    select
        customer_id,
        order_date,
        false as is_last_of_day,
        order_number_first,
        cast(0 as integer) as gap_days,
        cast(orders_count - 1 as bigint) as followed_count,
        cast(0 as bigint) as censored_count
    from followed
    where orders_count > 1
)

select * from final
