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
            when coalesce(quarantined.column_name, '') <> 'ordered_at'
                then {{ json_text('quarantined.record', 'ordered_at') }}
        end as ordered_text,
        coalesce(
            {{ json_text('quarantined.record', 'refunded_at') }}, {{ json_text('quarantined.record', 'updated_at') }}
        ) as refunded_text
    from {{ source('raw', 'quarantine') }} as quarantined
    inner join visible on quarantined.delivery_id = visible.delivery_id
    left join visible as repaired on quarantined.resolved_by = repaired.delivery_id
    where repaired.delivery_id is null and quarantined.source = 'orders' and quarantined.known_date <= {{ as_of() }}
),

parsed as (
    select
        texts.*,
        {{ amount_of('texts.amount_text') }} as amount,
        case when texts.refund_text is null then 0 else {{ amount_of('texts.refund_text') }} end as refund,
        {{ instant_of('texts.ordered_text') }} as ordered_at,
        {{ instant_of('texts.refunded_text') }} as refunded_at,
        row_number() over (
            partition by texts.order_id
            order by texts.known_date desc, texts.delivery_id desc, texts.line desc
        ) as version_rank
    from texts
),

-- an order that came again and could be read is no longer missing
lost as (
    select
        parsed.*,
        coalesce({{ business_date('parsed.ordered_at') }}, parsed.known_date) as order_date,
        coalesce(cast(parsed.ordered_at as date), parsed.known_date) as order_date_utc
    from parsed
    left join orders on parsed.order_id = orders.order_id
    where orders.order_id is null and (parsed.order_id is null or parsed.version_rank = 1)
),

final as (
    select
        delivery_id,
        line,
        reason,
        order_date,
        order_date_utc,
        greatest(
            order_date, least(coalesce({{ business_date('refunded_at') }}, order_date), {{ as_of() }})
        ) as refund_date,
        greatest(
            order_date_utc, least(coalesce(cast(refunded_at as date), order_date_utc), {{ as_of() }})
        ) as refund_date_utc,
        coalesce(
            currency = {{ text_literal(var('currency')) }}, true
        ) as is_in_shop_currency,
        cast(amount as decimal(18, 4)) as amount,
        cast(refund as decimal(18, 4)) as refund_amount,
        known_date
    from lost
)

select * from final
