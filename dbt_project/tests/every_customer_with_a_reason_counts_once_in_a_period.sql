with

periods as (
    select * from {{ ref('dim_period') }}
),

customers as (
    select
        periods.grain,
        periods.period_start,
        count(distinct staged.customer_id) as customers_with_reason
    from {{ ref('stg_churn_reasons') }} as staged
    inner join periods
        on
            staged.given_date >= periods.period_start
            and staged.given_date < periods.period_end
    group by periods.grain, periods.period_start
),

facts as (
    select
        grain,
        period_start,
        sum(customers_count) as customers_count,
        min(customers_with_reason) as lowest_base,
        max(customers_with_reason) as highest_base
    from {{ ref('fct_churn_reason_period') }}
    group by grain, period_start
)

select
    facts.*,
    customers.customers_with_reason
from facts
left join customers
    on
        facts.grain = customers.grain
        and facts.period_start = customers.period_start
where
    facts.customers_count <> coalesce(customers.customers_with_reason, 0)
    or facts.lowest_base <> coalesce(customers.customers_with_reason, 0)
    or facts.highest_base <> coalesce(customers.customers_with_reason, 0)
