with

visible as (
    {{ visible_deliveries('orders') }}
),

orders as (
    select * from {{ ref('stg_orders') }}
),

texts as (
    select
        quarantined.delivery_id,
        quarantined.line,
        quarantined.reason,
        quarantined.known_date,
        {{ json_text('quarantined.record', 'order_id') }} as order_id,
        {{ json_text('quarantined.record', 'currency') }} as currency,
        {{ json_text('quarantined.record', 'amount') }} as amount_text,
        {{ json_text('quarantined.record', 'refund_amount') }} as refund_text,
        -- what a timestamp says that was set aside for itself is not to be believed
        case
            when quarantined.column_name is distinct from 'ordered_at'
                then {{ json_text('quarantined.record', 'ordered_at') }}
        end as ordered_text,
        coalesce(
            {{ json_text('quarantined.record', 'refunded_at') }}, {{ json_text('quarantined.record', 'updated_at') }}
        ) as refunded_text
    from {{ source('raw', 'quarantine') }} as quarantined
    inner join visible on quarantined.delivery_id = visible.delivery_id
    where quarantined.source = 'orders' and quarantined.known_date <= {{ as_of() }}
),

read as (
    select
        texts.*,
        {{ amount_of('amount_text') }} as amount,
        case when refund_text is null then 0 else {{ amount_of('refund_text') }} end as refund,
        {{ instant_of('ordered_text') }} as ordered_at,
        {{ instant_of('refunded_text') }} as refunded_at,
        row_number() over (
            partition by order_id
            order by known_date desc, delivery_id desc, line desc
        ) as version_rank
    from texts
),

-- an order that came again and could be read is no longer missing
missing as (
    select
        read.*,
        coalesce({{ business_date('read.ordered_at') }}, read.known_date) as order_date,
        coalesce(cast(read.ordered_at as date), read.known_date) as order_date_utc
    from read
    left join orders on read.order_id = orders.order_id
    where orders.order_id is null and (read.order_id is null or read.version_rank = 1)
),

final as (
    select
        delivery_id,
        cast(line as bigint) as line,
        reason,
        order_date,
        order_date_utc,
        greatest(
            order_date, least(coalesce({{ business_date('refunded_at') }}, order_date), {{ as_of() }})
        ) as refund_date,
        greatest(
            order_date_utc, least(coalesce(cast(refunded_at as date), order_date_utc), {{ as_of() }})
        ) as refund_date_utc,
        coalesce(currency, {{ text_literal(var('currency')) }}) = {{ text_literal(var('currency')) }} as is_in_shop_currency,
        cast(amount as decimal(18, 4)) as amount,
        cast(refund as decimal(18, 4)) as refund_amount,
        known_date
    from missing
)

select * from final
