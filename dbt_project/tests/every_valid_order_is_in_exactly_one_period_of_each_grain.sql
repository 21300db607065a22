with

staged as (
    select
        count(*) as orders_count,
        coalesce(sum(revenue_gross), 0) as revenue_gross,
        coalesce(sum(revenue_net), 0) as revenue_net,
        count(margin) filter (where has_customer) as orders_costed,
        coalesce(sum(margin) filter (where has_customer), 0) as margin
    from {{ ref('stg_orders') }}
    where is_valid
),

expected as (
    {{ text_rows(activity_bases(), 'basis') }}
),

grains as (
    {{ text_rows(var('grains'), 'grain') }}
),

facts as (
    select
        basis,
        grain,
        sum(orders_count + orders_count_guest) as orders_count,
        sum(revenue_gross + revenue_gross_guest) as revenue_gross,
        sum(revenue_net + revenue_net_guest) as revenue_net,
        sum(orders_costed) as orders_costed,
        sum(margin) as margin
    from {{ ref('fct_period') }}
    where segment_set = 'all'
    group by basis, grain
)

select
    expected.basis,
    grains.grain,
    facts.orders_count,
    staged.orders_count as staged_orders_count
from expected
cross join grains
cross join staged
left join facts
    on
        expected.basis = facts.basis
        and grains.grain = facts.grain
where
    coalesce(facts.orders_count, 0) <> staged.orders_count
    or coalesce(facts.revenue_gross, 0) <> staged.revenue_gross
    or coalesce(facts.revenue_net, 0) <> staged.revenue_net
    or coalesce(facts.orders_costed, 0) <> staged.orders_costed
    or coalesce(facts.margin, 0) <> staged.margin
