with

lives as (
    select
        basis,
        grain,
        period_start,
        segment_set,
        segment_key,
        sum(active_count) as active_count,
        sum(lapsed_count) as lapsed_count
    from {{ ref('fct_lifetime_period') }}
    group by basis, grain, period_start, segment_set, segment_key
)

select
    periods.basis,
    periods.grain,
    periods.period_start,
    periods.segment_set,
    periods.segment_key
from {{ ref('fct_period') }} as periods
left join lives
    on
        periods.basis = lives.basis
        and periods.grain = lives.grain
        and periods.period_start = lives.period_start
        and periods.segment_set = lives.segment_set
        and periods.segment_key = lives.segment_key
where
    periods.grain = 'year'
    and periods.basis <> 'calendar'
    and (
        periods.customers_end <> coalesce(lives.active_count, 0)
        or periods.customers_start + periods.customers_lapsed_start + periods.customers_new
        <> coalesce(lives.active_count, 0) + coalesce(lives.lapsed_count, 0)
    )
