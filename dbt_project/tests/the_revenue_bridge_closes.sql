with

expected as (
    {{ text_rows(activity_bases(), 'basis') }}
),

grains as (
    {{ text_rows(var('grains'), 'grain') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

facts as (
    select * from {{ ref('fct_period') }}
)

select
    expected.basis,
    grains.grain,
    periods.period_start,
    facts.segment_set,
    facts.segment_key
from expected
cross join grains
inner join periods on grains.grain = periods.grain
left join facts
    on
        expected.basis = facts.basis
        and grains.grain = facts.grain
        and periods.period_start = facts.period_start
where
    facts.revenue_current is null
    or facts.revenue_current <> facts.revenue_previous + facts.revenue_new + facts.revenue_expansion
    + facts.revenue_reactivation - facts.revenue_contraction - facts.revenue_churn + facts.revenue_fx
    or facts.revenue_current <> case
        when expected.basis = 'calendar' then facts.revenue_gross
        when expected.basis = 'purchase_window' then 0
        else facts.revenue_current
    end
