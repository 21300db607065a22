with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

dated as (
    select
        customer_id,
        order_date,
        lag(order_date) over (partition by customer_id order by order_date asc) as previous_order_date
    from order_days
),

gaps as (
    select
        customer_id,
        cast({{ days_between('previous_order_date', 'order_date') }} as double) as gap_days
    from dated
    where previous_order_date is not null
),

shop as (
    select percentile_cont(0.8) within group (order by gap_days asc) as gap_days
    from gaps
),

customers as (
    select
        customer_id,
        count(*) as gaps_count,
        percentile_cont(0.5) within group (order by gap_days asc) as gap_median,
        percentile_cont(0.8) within group (order by gap_days asc) as gap_p80
    from gaps
    group by customer_id
),

final as (
    select
        customers.customer_id,
        cast(customers.gaps_count as bigint) as gaps_count,
        cast(case when customers.gaps_count >= 2 then customers.gap_median end as decimal(18, 4)) as typical_gap_days,
        cast(case when customers.gaps_count >= 3 then customers.gap_p80 end as decimal(18, 4)) as own_gap_days,
        cast(shop.gap_days as decimal(18, 4)) as shop_gap_days
    from customers
    cross join shop
)

select * from final
