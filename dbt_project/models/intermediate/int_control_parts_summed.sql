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

wanted as (
    select distinct
        periods.grain,
        periods.period_start,
        periods.period_end
    from periods
    inner join totals
        on
            periods.grain = totals.grain
            and periods.period_start = totals.period_start
),

final as (
    select
        wanted.grain,
        wanted.period_start,
        parts.day_cut,
        parts.component,
        parts.quantity,
        cast(sum(parts.amount) as decimal(38, 4)) as amount,
        cast(sum(parts.amount_nominal) as decimal(38, 4)) as amount_nominal,
        cast(sum(parts.unknown_count) as bigint) as unknown_count,
        cast(sum(parts.unknown_nominal_count) as bigint) as unknown_nominal_count
    from wanted
    inner join parts
        on
            parts.calendar_date >= wanted.period_start
            and parts.calendar_date < wanted.period_end
    group by wanted.grain, wanted.period_start, parts.day_cut, parts.component, parts.quantity
)

select * from final
