with

grains as (
    {{ text_rows(var('cohort_grains'), 'grain') }}
),

expected as (
    select 'all' as segment_set
    union all
    {{ text_rows(var('segments'), 'segment_set') }}
),

periods as (
    select * from {{ ref('fct_period') }}
),

cohorts as (
    select
        grain,
        period_start,
        segment_set,
        sum(customers_active) as customers_ordering,
        sum(orders_count) as orders_count,
        sum(orders_costed) as orders_costed,
        sum(revenue_gross) as revenue_gross,
        sum(margin) as margin
    from {{ ref('fct_cohort_period') }}
    group by grain, period_start, segment_set
)

select
    periods.grain,
    periods.period_start,
    expected.segment_set,
    cohorts.customers_ordering,
    periods.customers_ordering as expected_customers_ordering
from periods
inner join grains on periods.grain = grains.grain
cross join expected
left join cohorts
    on
        periods.grain = cohorts.grain
        and periods.period_start = cohorts.period_start
        and expected.segment_set = cohorts.segment_set
where
    periods.basis = 'calendar'
    and periods.segment_set = 'all'
    and (
        coalesce(cohorts.customers_ordering, 0) <> periods.customers_ordering
        or coalesce(cohorts.orders_count, 0) <> periods.orders_count
        or coalesce(cohorts.orders_costed, 0) <> periods.orders_costed
        or coalesce(cohorts.revenue_gross, 0) <> periods.revenue_gross
        or coalesce(cohorts.margin, 0) <> periods.margin
    )
