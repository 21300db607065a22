with

windowed as (
    select * from {{ ref('int_customer_periods_windowed') }}
),

compared as (
    select * from {{ ref('int_customer_periods_compared') }}
),

both_bases as (
    select
        'purchase_window' as basis,
        windowed.*
    from windowed
    union all
    select
        'calendar' as basis,
        compared.*
    from compared
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
        orders_count > 0 and orders_before = 0 as is_new,
        is_active_start and is_active_end as is_retained,
        is_active_start and not is_active_end as is_lost,
        is_active_end and not is_active_start and orders_before > 0 as is_reactivated,
        orders_count > 0 and orders_before = 0 and is_active_end as is_new_kept,
        orders_count > 0 and orders_before = 0 and not is_active_end as is_new_lost,
        orders_count > 0 as is_ordering,
        orders_count,
        revenue_gross,
        revenue_net,
        previous_revenue_gross,
        orders_before
    from both_bases
)

select * from final
