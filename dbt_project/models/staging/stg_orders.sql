with

deliveries as (
    {{ visible_deliveries('orders') }}
),

orders as (
    select * from {{ source('raw', 'orders') }}
),

excluded_statuses as (
    {{ text_rows(var('excluded_statuses'), 'excluded_status') }}
),

known as (
    select orders.*
    from orders
    inner join deliveries on orders.delivery_id = deliveries.delivery_id
    where orders.known_date <= {{ as_of() }}
),

ranked as (
    select
        known.*,
        row_number() over (
            partition by known.order_id
            order by known.updated_at desc nulls last, known.known_date desc, known.delivery_id desc, known.line desc
        ) as version_rank
    from known
),

dated as (
    select
        ranked.*,
        {{ business_date('ranked.ordered_at') }} as order_date
    from ranked
    where ranked.version_rank = 1
),

judged as (
    select
        dated.*,
        case
            when excluded_statuses.excluded_status is not null then 'status_' || dated.status
            when dated.amount <= cast({{ text_literal(var('minimum_amount')) }} as decimal(18, 4))
                then 'non_positive_amount'
            when dated.order_date > {{ as_of() }} then 'after_as_of'
        end as exclusion_reason
    from dated
    left join excluded_statuses on dated.status = excluded_statuses.excluded_status
),

final as (
    select
        order_id,
        customer_id,
        customer_id is not null as has_customer,
        ordered_at,
        order_date,
        updated_at,
        status,
        currency,
        cast(amount as decimal(18, 4)) as revenue_gross,
        cast(refund_amount as decimal(18, 4)) as refund_amount,
        cast(amount - refund_amount as decimal(18, 4)) as revenue_net,
        cast(cost_amount as decimal(18, 4)) as cost_amount,
        exclusion_reason is null as is_valid,
        cast(exclusion_reason as string) as exclusion_reason,
        known_date,
        delivery_id
    from judged
)

select * from final
