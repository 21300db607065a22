with

staged as (
    select
        count(*) as orders_count,
        coalesce(sum(revenue_gross), 0) as revenue_gross,
        coalesce(sum(revenue_net), 0) as revenue_net
    from {{ ref('stg_orders') }}
    where is_valid
),

facts as (
    select
        basis,
        grain,
        sum(orders_count + orders_count_guest) as orders_count,
        sum(revenue_gross + revenue_gross_guest) as revenue_gross,
        sum(revenue_net + revenue_net_guest) as revenue_net
    from {{ ref('fct_period') }}
    where segment_set = 'all'
    group by basis, grain
)

select
    facts.*,
    staged.orders_count as staged_orders_count
from facts
cross join staged
where
    facts.orders_count <> staged.orders_count
    or facts.revenue_gross <> staged.revenue_gross
    or facts.revenue_net <> staged.revenue_net
