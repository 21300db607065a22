with

ordered_periods as (
    select * from {{ ref('int_customer_periods_ordered') }}
),

profiles as (
    select * from {{ ref('int_customer_profiles_dated') }}
),

cohort_grains as (
    {{ text_rows(var('cohort_grains'), 'grain') }}
),

final as (
    select
        ordered_periods.customer_id,
        ordered_periods.grain,
        profiles.configured_profile_id as profile_id,
        ordered_periods.period_start as cohort_start,
        ordered_periods.period_number as cohort_number
    from ordered_periods
    inner join cohort_grains on ordered_periods.grain = cohort_grains.grain
    inner join profiles
        on
            ordered_periods.customer_id = profiles.customer_id
            and ordered_periods.period_start >= profiles.valid_from
            and ordered_periods.period_start < profiles.valid_to
    where ordered_periods.orders_before = 0
)

select * from final
