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

placed as (
    select
        periods.calendar,
        totals.grain,
        totals.period_start,
        periods.period_end,
        totals.measure,
        components.component,
        totals.value as control_value,
        periods.is_complete,
        periods.is_final,
        -- the last hours of the last day in UTC may belong to a day of the shop that has not been delivered
        coalesce(
            {{ last_utc_day('periods.period_end') }} <= {{ date_literal(var('data_through')) }}, false
        ) as is_utc_known
    from totals
    inner join periods
        on
            totals.grain = periods.grain
            and totals.period_start = periods.period_start
    cross join components
),

final as (
    select
        placed.calendar,
        placed.grain,
        placed.period_start,
        placed.period_end,
        placed.measure,
        cast(placed.component as string) as component,
        placed.control_value,
        placed.is_complete,
        placed.is_final,
        {{ control_amount('shop', 'order_date') }} as amount,
        {{ control_amount('shop', 'order_date', '_nominal') }} as amount_nominal,
        {{ control_amount('shop', 'refund_date') }} as amount_by_refund_date,
        {{ control_amount('shop', 'refund_date', '_nominal') }} as amount_by_refund_date_nominal,
        {{ control_amount('utc', 'order_date') }} as amount_utc,
        {{ control_amount('utc', 'order_date', '_nominal') }} as amount_utc_nominal,
        {{ control_amount('utc', 'refund_date') }} as amount_utc_by_refund_date,
        {{ control_amount('utc', 'refund_date', '_nominal') }} as amount_utc_by_refund_date_nominal,
        cast(
            coalesce(
                sum(parts.unknown_nominal_count) filter (
                    where parts.day_cut = 'shop' and parts.refund_basis = 'order_date'
                ), 0
            ) as bigint
        ) as unreadable_count
    from placed
    left join parts
        on
            placed.grain = parts.grain
            and placed.period_start = parts.period_start
            and placed.measure = parts.measure
            and placed.component = parts.component
    group by
        placed.calendar,
        placed.grain,
        placed.period_start,
        placed.period_end,
        placed.measure,
        placed.component,
        placed.control_value,
        placed.is_complete,
        placed.is_final,
        placed.is_utc_known
)

select * from final
