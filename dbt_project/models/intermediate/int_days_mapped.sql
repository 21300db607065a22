with

days as (
    select * from {{ ref('int_days_elapsed') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

final as (
    select
        periods.grain,
        days.calendar_date,
        periods.period_start,
        periods.period_end,
        periods.period_number
    from days
    inner join periods
        on
            days.calendar_date >= periods.period_start
            and days.calendar_date < periods.period_end
)

select * from final
