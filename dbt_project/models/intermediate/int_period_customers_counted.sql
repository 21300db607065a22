with

customer_periods as (
    select * from {{ ref('fct_customer_period') }}
),

profiles as (
    select * from {{ ref('int_customer_profiles_dated') }}
),

listed as (
    select * from {{ ref('int_profile_segments_listed') }}
),

profiled as (
    select
        customer_periods.basis,
        customer_periods.grain,
        customer_periods.period_start,
        profiles.profile_id,
        count(*) as customers_active,
        count(*) filter (where customer_periods.is_active_start) as customers_start,
        count(*) filter (where customer_periods.is_active_end) as customers_end,
        count(*) filter (where customer_periods.is_new) as customers_new,
        count(*) filter (where customer_periods.is_new_kept) as customers_new_kept,
        count(*) filter (where customer_periods.is_retained) as customers_retained,
        count(*) filter (where customer_periods.is_lost) as customers_lost,
        count(*) filter (where customer_periods.is_reactivated) as customers_reactivated,
        count(*) filter (where customer_periods.is_new_lost) as customers_new_lost
    from customer_periods
    inner join profiles
        on
            customer_periods.customer_id = profiles.customer_id
            and customer_periods.period_start >= profiles.valid_from
            and customer_periods.period_start < profiles.valid_to
    group by
        customer_periods.basis,
        customer_periods.grain,
        customer_periods.period_start,
        profiles.profile_id
),

final as (
    select
        profiled.basis,
        profiled.grain,
        profiled.period_start,
        listed.segment_set,
        listed.segment_key,
        cast(sum(profiled.customers_active) as bigint) as customers_active,
        cast(sum(profiled.customers_start) as bigint) as customers_start,
        cast(sum(profiled.customers_end) as bigint) as customers_end,
        cast(sum(profiled.customers_new) as bigint) as customers_new,
        cast(sum(profiled.customers_new_kept) as bigint) as customers_new_kept,
        cast(sum(profiled.customers_retained) as bigint) as customers_retained,
        cast(sum(profiled.customers_lost) as bigint) as customers_lost,
        cast(sum(profiled.customers_reactivated) as bigint) as customers_reactivated,
        cast(sum(profiled.customers_new_lost) as bigint) as customers_new_lost
    from profiled
    inner join listed on profiled.profile_id = listed.profile_id
    group by
        profiled.basis,
        profiled.grain,
        profiled.period_start,
        listed.segment_set,
        listed.segment_key
)

select * from final
