with

curves as (
    select
        *,
        lag(customers_active_on_or_after) over curve as previous_on_or_after,
        coalesce(lag(revenue_gross_to_date) over curve, 0) as previous_to_date,
        coalesce(lag(orders_count_to_date) over curve, 0) as previous_orders_to_date,
        coalesce(lag(orders_costed_to_date) over curve, 0) as previous_costed_to_date,
        coalesce(lag(margin_to_date) over curve, 0) as previous_margin_to_date,
        coalesce(lag(cohort_age) over curve, -1) as previous_age
    from {{ ref('fct_cohort_period') }}
    window curve as (partition by grain, cohort_start, segment_set, segment_key order by cohort_age asc)
)

select *
from curves
where
    cohort_size <= 0
    or (cohort_age = 0 and customers_active <> cohort_size)
    or (cohort_age = 0 and revenue_gross <> revenue_gross_first)
    or customers_active > customers_active_on_or_after
    or customers_active_on_or_after > coalesce(previous_on_or_after, cohort_size)
    or revenue_gross_to_date <> previous_to_date + revenue_gross
    or orders_count_to_date <> previous_orders_to_date + orders_count
    or orders_costed_to_date <> previous_costed_to_date + orders_costed
    or margin_to_date <> previous_margin_to_date + margin
    or orders_costed > orders_count
    or cohort_age <> previous_age + 1
