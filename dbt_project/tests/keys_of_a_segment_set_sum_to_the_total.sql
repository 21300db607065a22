with

sets as (
    select
        basis,
        grain,
        period_start,
        segment_set,
        sum(customers_start) as customers_start,
        sum(customers_end) as customers_end,
        sum(customers_new) as customers_new,
        sum(customers_ordering) as customers_ordering,
        sum(customers_lapsed_start) as customers_lapsed_start,
        sum(customers_ever) as customers_ever,
        sum(customers_repeat_ever) as customers_repeat_ever,
        sum(orders_count) as orders_count,
        sum(revenue_gross) as revenue_gross,
        sum(revenue_net) as revenue_net
    from {{ ref('fct_period') }}
    where segment_set <> 'all'
    group by basis, grain, period_start, segment_set
)

select
    sets.*,
    totals.customers_ever as total_customers_ever
from sets
inner join {{ ref('fct_period') }} as totals
    on
        sets.basis = totals.basis
        and sets.grain = totals.grain
        and sets.period_start = totals.period_start
where
    totals.segment_set = 'all'
    and (
        sets.customers_start <> totals.customers_start
        or sets.customers_end <> totals.customers_end
        or sets.customers_new <> totals.customers_new
        or sets.customers_ordering <> totals.customers_ordering
        or sets.customers_lapsed_start <> totals.customers_lapsed_start
        or sets.customers_ever <> totals.customers_ever
        or sets.customers_repeat_ever <> totals.customers_repeat_ever
        or sets.orders_count <> totals.orders_count
        or sets.revenue_gross <> totals.revenue_gross
        or sets.revenue_net <> totals.revenue_net
    )
