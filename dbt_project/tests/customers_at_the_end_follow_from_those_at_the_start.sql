with

expected as (
    {{ text_rows(activity_bases(), 'basis') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

facts as (
    select * from {{ ref('fct_period') }}
)

select
    expected.basis,
    periods.grain,
    periods.period_start,
    facts.segment_set,
    facts.segment_key
from expected
cross join periods
left join facts
    on
        expected.basis = facts.basis
        and periods.grain = facts.grain
        and periods.period_start = facts.period_start
where
    facts.customers_end is null
    or facts.customers_end
    <> facts.customers_start - facts.customers_lost + facts.customers_new_kept + facts.customers_reactivated
    or facts.customers_start <> facts.customers_retained + facts.customers_lost
    or facts.customers_new <> facts.customers_new_kept + facts.customers_new_lost
    or facts.customers_active < facts.customers_start + facts.customers_new + facts.customers_reactivated
