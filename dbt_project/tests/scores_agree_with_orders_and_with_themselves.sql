with

orders as (
    select
        customer_id,
        count(*) as orders_count,
        sum(revenue_net) as revenue_net
    from {{ ref('stg_orders') }}
    where is_valid and has_customer
    group by customer_id
)

select coalesce(scores.customer_id, orders.customer_id) as customer_id
from {{ ref('customer_scores') }} as scores
full outer join orders on scores.customer_id = orders.customer_id
where
    scores.customer_id is null
    or scores.orders_count <> coalesce(orders.orders_count, 0)
    or scores.revenue_net <> coalesce(orders.revenue_net, 0)
    or scores.frequency_year > scores.orders_count
    or scores.is_at_risk <> coalesce(scores.at_risk_reason in ('unhappy', 'overdue', 'overdue_for_the_shop'), false)
    or (scores.spell_state = 'lapsed') <> coalesce(scores.at_risk_reason = 'lapsed', false)
    or scores.value_at_stake <> case when scores.is_at_risk then scores.value_year else 0 end
