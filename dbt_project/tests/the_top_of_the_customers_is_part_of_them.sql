-- a margin may be negative, so only revenue must grow with the customers it is summed over
select
    concentration.grain,
    concentration.period_start,
    concentration.segment_set,
    concentration.segment_key
from {{ ref('fct_concentration_period') }} as concentration
left join {{ ref('fct_period') }} as periods
    on
        concentration.grain = periods.grain
        and concentration.period_start = periods.period_start
        and concentration.segment_set = periods.segment_set
        and concentration.segment_key = periods.segment_key
        and periods.basis = 'calendar'
where
    concentration.customers_count is distinct from periods.customers_ordering
    or concentration.top_count * 5 <> concentration.customers_count
    or concentration.top_sq > concentration.top_x_existing
    or concentration.top_x_existing > concentration.existing_sq
    or (
        not concentration.is_margin
        and (
            concentration.next_value_top < 0
            or concentration.next_value_top > concentration.next_value_existing
            or concentration.next_value_existing > concentration.next_value_total
        )
    )
