with

known as (
    {{ known_rows('orders') }}
),

excluded_statuses as (
    {{ text_rows(var('excluded_statuses'), 'excluded_status') }}
),

ranked as (
    select
        known.*,
        row_number() over (
            partition by known.order_id
            order by known.updated_at desc nulls last, known.known_date desc, known.ranked_as desc, known.line desc
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

rates as (
    {{ rates_of_days('dated', 'order_date') }}
),

rated as (
    select
        dated.*,
        {{ shop_rate('dated.currency', 'rates.rate') }} as fx_rate,
        {{ shop_rate('dated.currency', 'rates.reference_rate') }} as reference_rate
    from dated
    left join rates
        on
            dated.currency = rates.currency
            and dated.order_date = rates.money_date
),

-- without a rate the amounts stay as delivered and the order does not count
converted as (
    select
        rated.*,
        {{ converted('rated.amount', 'rated.fx_rate') }} as revenue_gross,
        {{ converted('rated.amount', 'rated.reference_rate') }} as revenue_gross_constant,
        rated.refund_amount as refund_delivered,
        {{ converted('rated.refund_amount', 'rated.fx_rate') }} as refunded,
        {{ converted('rated.cost_amount', 'rated.fx_rate') }} as goods_cost,
        {{ converted('rated.discount_amount', 'rated.fx_rate') }} as discount_given
    from rated
),

judged as (
    select
        converted.*,
        case
            when excluded_statuses.excluded_status is not null then 'status_' || converted.status
            when
                converted.revenue_gross <= case
                    when converted.fx_rate is null then 0
                    else cast({{ text_literal(var('minimum_amount')) }} as decimal(18, 4))
                end
                then 'non_positive_amount'
            when converted.order_date > {{ as_of() }} then 'after_as_of'
            when converted.fx_rate is null then 'no_fx_rate'
        end as exclusion_reason
    from converted
    left join excluded_statuses on converted.status = excluded_statuses.excluded_status
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
        fx_rate,
        revenue_gross,
        revenue_gross_constant,
        amount as revenue_gross_nominal,
        refunded as refund_amount,
        refund_delivered as refund_amount_nominal,
        case when refunded <> 0 then coalesce(refunded_at, updated_at, ordered_at) end as refunded_at,
        case
            when refunded <> 0
                then greatest(
                    order_date,
                    least({{ business_date('coalesce(refunded_at, updated_at, ordered_at)') }}, {{ as_of() }})
                )
        end as refund_date,
        cast(revenue_gross - refunded as decimal(18, 4)) as revenue_net,
        discount_given as discount_amount,
        goods_cost as cost_amount,
        cast(revenue_gross - refunded - goods_cost as decimal(18, 4)) as margin,
        exclusion_reason is null as is_valid,
        cast(exclusion_reason as string) as exclusion_reason,
        known_date,
        delivery_id
    from judged
)

select * from final
