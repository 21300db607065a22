select *
from {{ ref('fct_period') }}
where
    revenue_retained_gross_constant <> revenue_previous_constant - revenue_contraction - revenue_churn
    or revenue_retained_net_constant <> revenue_retained_gross_constant + revenue_expansion
    or revenue_retained_gross > revenue_previous
    or revenue_retained_gross > revenue_retained_net
    or revenue_retained_net > revenue_current
