with

totals as (
    select * from {{ ref('stg_control_totals') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

parts as (
    select * from {{ ref('int_control_parts_summed') }}
),

components as (
    {{ text_rows(control_components(), 'component') }}
),

-- what each measure is made of, with refunds on either of their days
weights as (
    select 'orders' as measure, 'orders' as quantity, 1 as by_order_date, 1 as by_refund_date
    union all
    select 'revenue_gross' as measure, 'gross' as quantity, 1 as by_order_date, 1 as by_refund_date
    union all
    select 'refunds' as measure, 'refunds_by_order_date' as quantity, 1 as by_order_date, 0 as by_refund_date
    union all
    select 'refunds' as measure, 'refunds_by_refund_date' as quantity, 0 as by_order_date, 1 as by_refund_date
    union all
    select 'revenue_net' as measure, 'gross' as quantity, 1 as by_order_date, 1 as by_refund_date
    union all
    select 'revenue_net' as measure, 'refunds_by_order_date' as quantity, -1 as by_order_date, 0 as by_refund_date
    union all
    select 'revenue_net' as measure, 'refunds_by_refund_date' as quantity, 0 as by_order_date, -1 as by_refund_date
),

placed as (
    select
        periods.calendar,
        totals.grain,
        totals.period_start,
        periods.period_end,
        totals.measure,
        totals.value as control_value,
        periods.is_complete,
        -- the last hours of the last day in UTC may belong to a day of the shop that has not been delivered
        coalesce({{ last_utc_day('periods.period_end') }} <= {{ date_literal(var('data_through')) }}, false) as is_utc_known
    from totals
    inner join periods
        on
            totals.grain = periods.grain
            and totals.period_start = periods.period_start
),

summed as (
    select
        placed.calendar,
        placed.grain,
        placed.period_start,
        placed.period_end,
        placed.measure,
        components.component,
        placed.control_value,
        placed.is_complete,
        placed.is_utc_known,
        sum(weights.by_order_date * parts.amount) filter (where parts.day_cut = 'shop') as shop_order_date,
        sum(weights.by_order_date * parts.amount_nominal) filter (where parts.day_cut = 'shop') as shop_order_date_nominal,
        sum(weights.by_order_date * weights.by_order_date * parts.unknown_count) filter (where parts.day_cut = 'shop') as shop_order_date_unknown,
        sum(weights.by_order_date * weights.by_order_date * parts.unknown_nominal_count) filter (where parts.day_cut = 'shop') as shop_order_date_nominal_unknown,
        sum(weights.by_refund_date * parts.amount) filter (where parts.day_cut = 'shop') as shop_refund_date,
        sum(weights.by_refund_date * parts.amount_nominal) filter (where parts.day_cut = 'shop') as shop_refund_date_nominal,
        sum(weights.by_refund_date * weights.by_refund_date * parts.unknown_count) filter (where parts.day_cut = 'shop') as shop_refund_date_unknown,
        sum(weights.by_refund_date * weights.by_refund_date * parts.unknown_nominal_count) filter (where parts.day_cut = 'shop') as shop_refund_date_nominal_unknown,
        sum(weights.by_order_date * parts.amount) filter (where parts.day_cut = 'utc') as utc_order_date,
        sum(weights.by_order_date * parts.amount_nominal) filter (where parts.day_cut = 'utc') as utc_order_date_nominal,
        sum(weights.by_order_date * weights.by_order_date * parts.unknown_count) filter (where parts.day_cut = 'utc') as utc_order_date_unknown,
        sum(weights.by_order_date * weights.by_order_date * parts.unknown_nominal_count) filter (where parts.day_cut = 'utc') as utc_order_date_nominal_unknown,
        sum(weights.by_refund_date * parts.amount) filter (where parts.day_cut = 'utc') as utc_refund_date,
        sum(weights.by_refund_date * parts.amount_nominal) filter (where parts.day_cut = 'utc') as utc_refund_date_nominal,
        sum(weights.by_refund_date * weights.by_refund_date * parts.unknown_count) filter (where parts.day_cut = 'utc') as utc_refund_date_unknown,
        sum(weights.by_refund_date * weights.by_refund_date * parts.unknown_nominal_count) filter (where parts.day_cut = 'utc') as utc_refund_date_nominal_unknown
    from placed
    cross join components
    inner join weights on placed.measure = weights.measure
    left join parts
        on
            placed.grain = parts.grain
            and placed.period_start = parts.period_start
            and components.component = parts.component
            and weights.quantity = parts.quantity
    group by
        placed.calendar,
        placed.grain,
        placed.period_start,
        placed.period_end,
        placed.measure,
        components.component,
        placed.control_value,
        placed.is_complete,
        placed.is_utc_known
),

final as (
    select
        calendar,
        grain,
        period_start,
        period_end,
        measure,
        cast(component as string) as component,
        control_value,
        is_complete,
        {{ known_sum('shop_order_date', 'shop_order_date_unknown') }} as amount,
        {{ known_sum('shop_order_date_nominal', 'shop_order_date_nominal_unknown') }} as amount_nominal,
        {{ known_sum('shop_refund_date', 'shop_refund_date_unknown') }} as amount_by_refund_date,
        {{ known_sum('shop_refund_date_nominal', 'shop_refund_date_nominal_unknown') }} as amount_by_refund_date_nominal,
        {{ known_sum('utc_order_date', 'utc_order_date_unknown', 'is_utc_known') }} as amount_utc,
        {{ known_sum('utc_order_date_nominal', 'utc_order_date_nominal_unknown', 'is_utc_known') }} as amount_utc_nominal,
        {{ known_sum('utc_refund_date', 'utc_refund_date_unknown', 'is_utc_known') }} as amount_utc_by_refund_date,
        {{ known_sum('utc_refund_date_nominal', 'utc_refund_date_nominal_unknown', 'is_utc_known') }} as amount_utc_by_refund_date_nominal,
        cast(coalesce(shop_order_date_nominal_unknown, 0) as bigint) as unreadable_count
    from summed
)

select * from final
