with

orders as (
    select * from {{ ref('stg_orders') }}
),

days as (
    select * from {{ ref('int_days_mapped') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

refunded as (
    select
        orders.customer_id,
        orders.has_customer,
        days.grain,
        days.period_start,
        sum(orders.refund_amount) as refunds
    from orders
    inner join days on orders.refund_date = days.calendar_date
    where orders.is_valid
    group by orders.customer_id, orders.has_customer, days.grain, days.period_start
),

-- a refund without a customer belongs to the total alone
segmented as (
    select
        refunded.*,
        coalesce(segments.segment_set, 'all') as segment_set,
        coalesce(segments.segment_key, 'all') as segment_key
    from refunded
    left join segments
        on
            refunded.customer_id = segments.customer_id
            and refunded.period_start >= segments.valid_from
            and refunded.period_start < segments.valid_to
),

final as (
    select
        grain,
        period_start,
        segment_set,
        segment_key,
        cast(sum(refunds) filter (where has_customer) as decimal(38, 4)) as refunds_by_refund_date,
        cast(count(*) filter (where has_customer) as bigint) as customers_refunded,
        cast(sum(refunds) filter (where not has_customer) as decimal(38, 4)) as refunds_by_refund_date_guest
    from segmented
    group by grain, period_start, segment_set, segment_key
)

select * from final
