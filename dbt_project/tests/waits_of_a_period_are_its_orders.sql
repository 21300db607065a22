with

waits as (
    select
        grain,
        period_start,
        segment_set,
        segment_key,
        sum(followed_count + censored_count) as waits_count
    from {{ ref('fct_order_gap_period') }}
    where grain <> 'all'
    group by grain, period_start, segment_set, segment_key
)

select waits.*
from waits
left join {{ ref('fct_period') }} as periods
    on
        waits.grain = periods.grain
        and waits.period_start = periods.period_start
        and waits.segment_set = periods.segment_set
        and waits.segment_key = periods.segment_key
        and periods.basis = 'calendar'
where waits.waits_count is distinct from periods.orders_count
