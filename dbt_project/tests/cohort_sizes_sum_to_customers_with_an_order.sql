with

customers as (
    select count(*) as customers_count
    from {{ ref('dim_customer') }}
    where orders_count > 0
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
    cohorts.*,
    customers.customers_count as expected_count
from cohorts
cross join customers
where cohorts.customers_count <> customers.customers_count
