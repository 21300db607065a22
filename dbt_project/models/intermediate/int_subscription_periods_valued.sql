with

subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

boundaries as (
    select
        subscriptions.customer_id,
        periods.grain,
        periods.period_start,
        subscriptions.monthly_amount as amount,
        subscriptions.monthly_amount_constant as constant_amount,
        subscriptions.started_date < periods.period_start as is_active_start,
        coalesce(subscriptions.ended_date >= periods.boundary_end, true) as is_active_end
    from subscriptions
    inner join periods
        on
            subscriptions.started_date < periods.boundary_end
            and coalesce(subscriptions.ended_date, cast('9999-12-31' as date)) >= periods.period_start
    where subscriptions.is_valid
),

final as (
    select
        customer_id,
        grain,
        period_start,
        cast(coalesce(sum(amount) filter (where is_active_start), 0) as decimal(18, 4)) as amount_start,
        cast(coalesce(sum(amount) filter (where is_active_end), 0) as decimal(18, 4)) as amount_end,
        cast(
            coalesce(sum(constant_amount) filter (where is_active_start), 0) as decimal(18, 4)
        ) as constant_amount_start,
        cast(coalesce(sum(constant_amount) filter (where is_active_end), 0) as decimal(18, 4)) as constant_amount_end
    from boundaries
    group by customer_id, grain, period_start
)

select * from final
