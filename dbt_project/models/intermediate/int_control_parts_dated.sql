with

orders as (
    select * from {{ ref('stg_orders') }}
),

quarantined as (
    select * from {{ ref('stg_quarantined_orders') }}
),

-- money without a rate is known in its own currency only
grouped as (
    select
        case
            when is_valid and has_customer then 'published'
            when is_valid then 'no_customer'
            else exclusion_reason
        end as component,
        order_date,
        cast(ordered_at as date) as order_date_utc,
        coalesce(refund_date, order_date) as refund_date,
        greatest(
            cast(ordered_at as date), least(cast(coalesce(refunded_at, ordered_at) as date), {{ as_of() }})
        ) as refund_date_utc,
        case when fx_rate is not null then revenue_gross end as gross,
        revenue_gross_nominal as gross_nominal,
        case when fx_rate is not null or refund_amount = 0 then refund_amount end as refund,
        refund_amount_nominal as refund_nominal
    from orders
    where order_date <= {{ as_of() }} and {{ 'true' if 'control_totals' in var('sources') else 'false' }}
    union all
    select
        'quarantine' as component,
        order_date,
        order_date_utc,
        refund_date,
        refund_date_utc,
        case when is_in_shop_currency then amount end as gross,
        amount as gross_nominal,
        case when is_in_shop_currency or refund_amount = 0 then refund_amount end as refund,
        refund_amount as refund_nominal
    from quarantined
    where {{ 'true' if 'control_totals' in var('sources') else 'false' }}
),

cut as (
    select
        'shop' as day_cut,
        component,
        order_date,
        refund_date,
        gross,
        gross_nominal,
        refund,
        refund_nominal
    from grouped
    union all
    select
        'utc' as day_cut,
        component,
        order_date_utc as order_date,
        refund_date_utc as refund_date,
        gross,
        gross_nominal,
        refund,
        refund_nominal
    from grouped
),

kinds as (
    {{ text_rows(['orders', 'gross', 'refunds_by_order_date', 'refunds_by_refund_date'], 'quantity') }}
),

quantities as (
    select
        cut.day_cut,
        cut.component,
        kinds.quantity,
        case when kinds.quantity = 'refunds_by_refund_date' then cut.refund_date else cut.order_date end
            as calendar_date,
        case kinds.quantity when 'orders' then 1 when 'gross' then cut.gross else cut.refund end as amount,
        case kinds.quantity when 'orders' then 1 when 'gross' then cut.gross_nominal else cut.refund_nominal end
            as amount_nominal
    from cut
    cross join kinds
),

final as (
    select
        day_cut,
        component,
        quantity,
        calendar_date,
        cast(coalesce(sum(amount), 0) as decimal(38, 4)) as amount,
        cast(coalesce(sum(amount_nominal), 0) as decimal(38, 4)) as amount_nominal,
        cast(count(*) filter (where amount is null) as bigint) as unknown_count,
        cast(count(*) filter (where amount_nominal is null) as bigint) as unknown_nominal_count
    from quantities
    group by day_cut, component, quantity, calendar_date
)

select * from final
