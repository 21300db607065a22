with

groups as (
    select * from {{ ref('int_customer_rfm_grouped') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

final as (
    select
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        groups.previous_group as from_group,
        groups.rfm_group as to_group,
        cast(count(*) as bigint) as customers_count
    from groups
    inner join periods on groups.boundary_date = periods.boundary_end
    where periods.grain = {{ rfm_grain() }}
    group by
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        groups.previous_group,
        groups.rfm_group
)

select * from final
