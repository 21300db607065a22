select *
from {{ ref('fct_period') }}
where
    basis = 'calendar'
    and (
        revenue_gross <> revenue_gross_returning + revenue_new
        or customers_ordering <> customers_returning + customers_new
    )
