with

transitions as (
    select
        grain,
        period_start,
        sum(customers_count) as customers_count,
        coalesce(sum(customers_count) filter (where from_group = '(no orders)'), 0) as new_count
    from {{ ref('fct_rfm_transition') }}
    group by grain, period_start
)

select
    periods.grain,
    periods.period_start
from {{ ref('fct_period') }} as periods
left join transitions
    on
        periods.grain = transitions.grain
        and periods.period_start = transitions.period_start
where
    periods.grain = {{ rfm_grain() }}
    and periods.basis = 'calendar'
    and periods.segment_set = 'all'
    and (
        periods.customers_ever <> coalesce(transitions.customers_count, 0)
        or periods.customers_new <> coalesce(transitions.new_count, 0)
    )
