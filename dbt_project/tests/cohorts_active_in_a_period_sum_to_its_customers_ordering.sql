with

cohorts as (
    select
        grain,
        period_start,
        segment_set,
        sum(customers_active) as customers_ordering,
        sum(orders_count) as orders_count,
        sum(revenue_gross) as revenue_gross
    from {{ ref('fct_cohort_period') }}
    group by grain, period_start, segment_set
)

select
    cohorts.*,
    periods.customers_ordering as expected_customers_ordering
from cohorts
inner join {{ ref('fct_period') }} as periods
    on
        cohorts.grain = periods.grain
        and cohorts.period_start = periods.period_start
where
    periods.basis = 'calendar'
    and periods.segment_set = 'all'
    and (
        cohorts.customers_ordering <> periods.customers_ordering
        or cohorts.orders_count <> periods.orders_count
        or cohorts.revenue_gross <> periods.revenue_gross
    )
