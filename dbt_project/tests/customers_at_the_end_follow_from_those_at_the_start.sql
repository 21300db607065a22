select *
from {{ ref('fct_period') }}
where
    customers_end <> customers_start - customers_lost + customers_new_kept + customers_reactivated
    or customers_start <> customers_retained + customers_lost
    or customers_new <> customers_new_kept + customers_new_lost
