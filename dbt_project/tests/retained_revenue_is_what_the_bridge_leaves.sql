select *
from {{ ref('fct_period') }}
where
    revenue_retained_gross <> revenue_previous - revenue_contraction - revenue_churn
    or revenue_retained_net <> revenue_retained_gross + revenue_expansion
    or revenue_retained_gross > revenue_previous
    or revenue_retained_gross > revenue_retained_net
