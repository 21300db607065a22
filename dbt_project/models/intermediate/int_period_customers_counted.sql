with

customer_periods as (
    select * from {{ ref('fct_customer_period') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

final as (
    select
        customer_periods.basis,
        customer_periods.grain,
        customer_periods.period_start,
        segments.segment_set,
        segments.segment_key,
        cast(count(*) as bigint) as customers_active,
        cast(count(*) filter (where customer_periods.is_active_start) as bigint) as customers_start,
        cast(count(*) filter (where customer_periods.is_active_end) as bigint) as customers_end,
        cast(count(*) filter (where customer_periods.is_new) as bigint) as customers_new,
        cast(count(*) filter (where customer_periods.is_new_kept) as bigint) as customers_new_kept,
        cast(count(*) filter (where customer_periods.is_retained) as bigint) as customers_retained,
        cast(count(*) filter (where customer_periods.is_lost) as bigint) as customers_lost,
        cast(count(*) filter (where customer_periods.is_reactivated) as bigint) as customers_reactivated,
        cast(count(*) filter (where customer_periods.is_new_lost) as bigint) as customers_new_lost
    from customer_periods
    inner join segments
        on
            customer_periods.customer_id = segments.customer_id
            and customer_periods.period_start >= segments.valid_from
            and customer_periods.period_start < segments.valid_to
    group by
        customer_periods.basis,
        customer_periods.grain,
        customer_periods.period_start,
        segments.segment_set,
        segments.segment_key
)

select * from final
