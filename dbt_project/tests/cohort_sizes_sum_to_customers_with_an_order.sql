with

customers as (
    select count(*) as customers_count
    from {{ ref('dim_customer') }}
    where orders_count > 0
),

grains as (
    {{ text_rows(var('cohort_grains'), 'grain') }}
),

expected as (
    select 'all' as segment_set
    union all
    {{ text_rows(var('segments'), 'segment_set') }}
),

cohorts as (
    select
        grain,
        segment_set,
        sum(cohort_size) as customers_count
    from {{ ref('fct_cohort_period') }}
    where cohort_age = 0
    group by grain, segment_set
)

select
    grains.grain,
    expected.segment_set,
    cohorts.customers_count,
    customers.customers_count as expected_count
from grains
cross join expected
cross join customers
full outer join cohorts
    on
        grains.grain = cohorts.grain
        and expected.segment_set = cohorts.segment_set
where coalesce(cohorts.customers_count, 0) is distinct from customers.customers_count
