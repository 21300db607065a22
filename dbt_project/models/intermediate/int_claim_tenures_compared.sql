with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

spells as (
    select * from {{ ref('int_customer_spells') }}
),

bounds as (
    select
        {{ date_add_days(as_of(), -364) }} as year_start,
        min(order_date) as first_date
    from order_days
),

active as (
    select
        spells.customer_id,
        bounds.year_start
    from spells
    cross join bounds
    where
        spells.spell_start < bounds.year_start
        and spells.spell_end >= bounds.year_start
),

final as (
    select
        active.customer_id,
        cast({{ days_between('min(order_days.order_date)', 'active.year_start') }} as bigint) as tenure_days,
        cast(
            coalesce(sum(order_days.revenue_net) filter (where order_days.order_date >= active.year_start), 0)
            as decimal(18, 4)
        ) as revenue_net
    from active
    inner join order_days on active.customer_id = order_days.customer_id
    group by active.customer_id, active.year_start
)

select * from final
