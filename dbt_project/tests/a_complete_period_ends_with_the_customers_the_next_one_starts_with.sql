select
    earlier.basis,
    earlier.grain,
    earlier.period_start,
    earlier.customers_end,
    later.customers_start,
    earlier.revenue_current,
    later.revenue_previous
from {{ ref('fct_period') }} as earlier
inner join {{ ref('fct_period') }} as later
    on
        earlier.basis = later.basis
        and earlier.grain = later.grain
        and earlier.segment_set = later.segment_set
        and earlier.segment_key = later.segment_key
        and earlier.period_end = later.period_start
where
    earlier.segment_set = 'all'
    and (
        earlier.customers_end <> later.customers_start
        or earlier.revenue_current <> later.revenue_previous
    )
