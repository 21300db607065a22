with

summed as (
    select * from {{ ref('int_cohort_periods_summed') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

-- everybody orders at age 0, so that row carries the size of the cohort
cohorts as (
    select
        grain,
        segment_set,
        segment_key,
        cohort_start,
        cohort_number,
        customers_active as cohort_size,
        revenue_gross as revenue_gross_first
    from summed
    where cohort_age = 0
),

triangle as (
    select
        cohorts.*,
        periods.calendar,
        periods.period_start,
        periods.period_end,
        periods.period_number - cohorts.cohort_number as cohort_age
    from cohorts
    inner join periods
        on
            cohorts.grain = periods.grain
            and cohorts.cohort_number <= periods.period_number
),

final as (
    select
        triangle.calendar,
        triangle.grain,
        triangle.cohort_start,
        cast(triangle.cohort_age as integer) as cohort_age,
        triangle.period_start,
        triangle.period_end,
        triangle.segment_set,
        triangle.segment_key,
        triangle.cohort_size,
        coalesce(summed.customers_active, cast(0 as bigint)) as customers_active,
        -- who has not had a last period before this one
        cast(
            triangle.cohort_size - sum(coalesce(summed.customers_active_last, 0)) over to_date
            + coalesce(summed.customers_active_last, 0) as bigint
        ) as customers_active_on_or_after,
        coalesce(summed.orders_count, cast(0 as bigint)) as orders_count,
        coalesce(summed.orders_costed, cast(0 as bigint)) as orders_costed,
        cast(sum(summed.orders_count) over to_date as bigint) as orders_count_to_date,
        cast(sum(summed.orders_costed) over to_date as bigint) as orders_costed_to_date,
        coalesce(summed.revenue_gross, cast(0 as decimal(38, 4))) as revenue_gross,
        coalesce(summed.revenue_net, cast(0 as decimal(38, 4))) as revenue_net,
        coalesce(summed.margin, cast(0 as decimal(38, 4))) as margin,
        cast(sum(summed.revenue_gross) over to_date as decimal(38, 4)) as revenue_gross_to_date,
        cast(sum(summed.revenue_net) over to_date as decimal(38, 4)) as revenue_net_to_date,
        cast(sum(summed.margin) over to_date as decimal(38, 4)) as margin_to_date,
        triangle.revenue_gross_first,
        cast(sum(summed.revenue_gross_sq_change) over to_date as decimal(38, 8)) as revenue_gross_to_date_sq,
        cast(sum(summed.revenue_net_sq_change) over to_date as decimal(38, 8)) as revenue_net_to_date_sq,
        cast(sum(summed.margin_sq_change) over to_date as decimal(38, 8)) as margin_to_date_sq
    from triangle
    left join summed
        on
            triangle.grain = summed.grain
            and triangle.segment_set = summed.segment_set
            and triangle.segment_key = summed.segment_key
            and triangle.cohort_start = summed.cohort_start
            and triangle.cohort_age = summed.cohort_age
    window to_date as (
        partition by triangle.grain, triangle.segment_set, triangle.segment_key, triangle.cohort_start
        order by triangle.cohort_age asc
        rows between unbounded preceding and current row
    )
)

select * from final
