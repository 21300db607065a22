with

distributed as (
    select
        grain,
        period_start,
        segment_set,
        segment_key,
        min(customers_in_period) as smallest_in_period,
        min(customers_to_date) as smallest_to_date,
        sum(customers_in_period) as customers_in_period,
        sum(customers_to_date) as customers_to_date,
        sum(customers_in_period) filter (where orders_bucket <> '1') as repeat_in_period,
        sum(customers_to_date) filter (where orders_bucket <> '1') as repeat_to_date
    from {{ ref('fct_orders_distribution') }}
    group by grain, period_start, segment_set, segment_key
)

select distributed.*
from distributed
left join {{ ref('fct_period') }} as periods
    on
        distributed.grain = periods.grain
        and distributed.period_start = periods.period_start
        and distributed.segment_set = periods.segment_set
        and distributed.segment_key = periods.segment_key
        and periods.basis = 'calendar'
where
    distributed.smallest_in_period < 0
    or distributed.smallest_to_date < 0
    or distributed.customers_in_period is distinct from periods.customers_ordering
    or distributed.customers_to_date is distinct from periods.customers_ever
    or distributed.repeat_in_period is distinct from periods.customers_repeat_in_period
    or distributed.repeat_to_date is distinct from periods.customers_repeat_ever
