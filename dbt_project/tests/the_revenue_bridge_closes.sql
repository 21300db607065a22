select *
from {{ ref('fct_period') }}
where
    basis = 'calendar'
    and revenue_gross <> revenue_previous + revenue_new + revenue_expansion + revenue_reactivation
    - revenue_contraction - revenue_churn
