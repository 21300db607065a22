select *
from {{ ref('fct_period') }}
where
    least(customers_start, customers_end, customers_new, customers_ordering, customers_lapsed_start) < 0
    or customers_retained > customers_start
    or customers_repeat_in_period > customers_ordering
    or customers_returning > customers_ordering
    or customers_repeat_ever > customers_ever
    or customers_ordering > customers_ever
    or orders_count < customers_ordering
    or orders_count_returning > orders_count
    or orders_costed > orders_count
    or revenue_gross_returning > revenue_gross
    or customers_revenue_previous > customers_start
    or customers_active > customers_start + customers_lapsed_start + customers_new
    or (basis <> 'subscription' and customers_start + customers_lapsed_start + customers_new <> customers_ever)
