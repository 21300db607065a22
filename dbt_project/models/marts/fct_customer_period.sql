with

windowed as (
    select * from {{ ref('int_customer_periods_windowed') }}
),

compared as (
    select * from {{ ref('int_customer_periods_compared') }}
),

subscribed as (
    select * from {{ ref('int_customer_periods_subscribed') }}
),

every_basis as (
    select
        'purchase_window' as basis,
        windowed.*
    from windowed
    union all
    select
        'calendar' as basis,
        compared.*
    from compared
    union all
    select
        'subscription' as basis,
        subscribed.*
    from subscribed
),

final as (
    select
        cast(basis as string) as basis,
        calendar,
        grain,
        period_start,
        period_end,
        customer_id,
        is_active_start,
        is_active_end,
        is_new,
        is_active_start and is_active_end as is_retained,
        is_active_start and not is_active_end as is_lost,
        is_active_end and not is_active_start and not is_new as is_reactivated,
        is_new and is_active_end as is_new_kept,
        is_new and not is_active_end as is_new_lost,
        orders_count > 0 as is_ordering,
        orders_count,
        revenue_gross,
        revenue_net,
        previous_revenue_gross,
        revenue_gross_constant,
        previous_revenue_gross_constant,
        orders_before
    from every_basis
)

select * from final
