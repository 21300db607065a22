with

parts as (
    select * from {{ ref('fct_control_total') }}
    where component = 'published'
),

facts as (
    select * from {{ ref('fct_period') }}
    where basis = 'calendar' and segment_set = 'all'
),

compared as (
    select
        parts.grain,
        parts.period_start,
        parts.measure,
        parts.amount,
        case parts.measure
            when 'orders' then facts.orders_count
            when 'revenue_gross' then facts.revenue_gross
            when 'refunds' then facts.refunds_by_order_date
            when 'revenue_net' then facts.revenue_net
        end as published,
        case parts.measure
            when 'orders' then facts.orders_count
            when 'revenue_gross' then facts.revenue_gross
            when 'refunds' then facts.refunds_by_refund_date
            when 'revenue_net' then facts.revenue_gross - facts.refunds_by_refund_date
        end as published_by_refund_date,
        parts.amount_by_refund_date
    from parts
    left join facts
        on
            parts.grain = facts.grain
            and parts.period_start = facts.period_start
)

select *
from compared
where
    amount is distinct from published
    or amount_by_refund_date is distinct from published_by_refund_date
