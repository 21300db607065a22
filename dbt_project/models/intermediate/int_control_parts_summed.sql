with

totals as (
    select * from {{ ref('stg_control_totals') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

parts as (
    select * from {{ ref('int_control_parts_dated') }}
),

weights as (
    {{ control_weights() }}
),

wanted as (
    select
        totals.grain,
        totals.period_start,
        periods.period_end,
        totals.measure,
        weights.refund_basis,
        weights.quantity,
        weights.weight
    from totals
    inner join periods
        on
            totals.grain = periods.grain
            and totals.period_start = periods.period_start
    inner join weights on totals.measure = weights.measure
),

final as (
    select
        wanted.grain,
        wanted.period_start,
        wanted.measure,
        parts.component,
        parts.day_cut,
        wanted.refund_basis,
        cast(sum(wanted.weight * parts.amount) as decimal(38, 4)) as amount,
        cast(sum(wanted.weight * parts.amount_nominal) as decimal(38, 4)) as amount_nominal,
        cast(sum(parts.unknown_count) as bigint) as unknown_count,
        cast(sum(parts.unknown_nominal_count) as bigint) as unknown_nominal_count
    from wanted
    inner join parts
        on
            wanted.quantity = parts.quantity
            and wanted.period_start <= parts.calendar_date
            and wanted.period_end > parts.calendar_date
    group by
        wanted.grain, wanted.period_start, wanted.measure, parts.component, parts.day_cut, wanted.refund_basis
)

select * from final
