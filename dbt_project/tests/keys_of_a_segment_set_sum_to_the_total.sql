with

expected as (
    {{ text_rows(var('segments'), 'segment_set') }}
    union all
    {{ text_rows(var('derived_segments'), 'segment_set') }}
),

facts as (
    select * from {{ ref('fct_period') }}
),

sets as (
    select
        basis,
        grain,
        period_start,
        segment_set,
        sum(customers_start) as customers_start,
        sum(customers_end) as customers_end,
        sum(customers_new) as customers_new,
        sum(customers_active) as customers_active,
        sum(customers_ordering) as customers_ordering,
        sum(customers_lapsed_start) as customers_lapsed_start,
        sum(customers_ever) as customers_ever,
        sum(customers_repeat_ever) as customers_repeat_ever,
        sum(orders_count) as orders_count,
        sum(revenue_gross) as revenue_gross,
        sum(revenue_net) as revenue_net,
        sum(margin) as margin,
        sum(refunds_by_refund_date) as refunds_by_refund_date,
        sum(revenue_current) as revenue_current,
        sum(revenue_fx) as revenue_fx
    from facts
    where segment_set <> 'all'
    group by basis, grain, period_start, segment_set
)

select
    totals.basis,
    totals.grain,
    totals.period_start,
    expected.segment_set,
    sets.customers_ever,
    totals.customers_ever as total_customers_ever
from facts as totals
cross join expected
left join sets
    on
        totals.basis = sets.basis
        and totals.grain = sets.grain
        and totals.period_start = sets.period_start
        and expected.segment_set = sets.segment_set
where
    totals.segment_set = 'all'
    and (
        coalesce(sets.customers_start, 0) <> totals.customers_start
        or coalesce(sets.customers_end, 0) <> totals.customers_end
        or coalesce(sets.customers_new, 0) <> totals.customers_new
        or coalesce(sets.customers_active, 0) <> totals.customers_active
        or coalesce(sets.customers_ordering, 0) <> totals.customers_ordering
        or coalesce(sets.customers_lapsed_start, 0) <> totals.customers_lapsed_start
        or coalesce(sets.customers_ever, 0) <> totals.customers_ever
        or coalesce(sets.customers_repeat_ever, 0) <> totals.customers_repeat_ever
        or coalesce(sets.orders_count, 0) <> totals.orders_count
        or coalesce(sets.revenue_gross, 0) <> totals.revenue_gross
        or coalesce(sets.revenue_net, 0) <> totals.revenue_net
        or coalesce(sets.margin, 0) <> totals.margin
        or coalesce(sets.refunds_by_refund_date, 0) <> totals.refunds_by_refund_date
        or coalesce(sets.revenue_current, 0) <> totals.revenue_current
        or coalesce(sets.revenue_fx, 0) <> totals.revenue_fx
    )
