with

neighbours as (
    select
        grain,
        period_start,
        period_end,
        boundary_end,
        period_number,
        lag(period_end) over (partition by grain order by period_number asc) as previous_end,
        lead(period_start) over (partition by grain order by period_number asc) as next_start
    from {{ ref('dim_period') }}
)

select *
from neighbours
where
    period_start >= boundary_end
    or boundary_end > period_end
    or coalesce(previous_end, period_start) <> period_start
    or (previous_end is null) <> (period_number = 1)
    or (next_start is null and ({{ as_of() }} < period_start or {{ as_of() }} >= period_end))
    or (next_start is not null and boundary_end <> period_end)
