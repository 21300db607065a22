with

waits as (
    select * from {{ ref('int_order_waits_started') }}
),

days as (
    select * from {{ ref('int_days_mapped') }}
),

profiles as (
    select * from {{ ref('int_customer_profiles_dated') }}
),

listed as (
    select * from {{ ref('int_profile_segments_listed') }}
),

cohort_grains as (
    {{ text_rows(var('cohort_grains'), 'grain') }}
),

-- the day at which a segment is judged: the start of the order's period, or the order itself in the whole history
judged_days as (
    select
        days.grain,
        days.calendar_date,
        days.period_start,
        days.period_start as judged_date
    from days
    inner join cohort_grains on days.grain = cohort_grains.grain
    union all
    select distinct
        cast('all' as string) as grain,
        calendar_date,
        cast('0001-01-01' as date) as period_start,
        calendar_date as judged_date
    from days
),

profiled as (
    select
        judged_days.grain,
        judged_days.period_start,
        profiles.configured_profile_id as profile_id,
        waits.gap_days,
        sum(waits.followed_count) as followed_count,
        sum(waits.censored_count) as censored_count
    from waits
    inner join judged_days on waits.order_date = judged_days.calendar_date
    inner join profiles
        on
            waits.customer_id = profiles.customer_id
            and judged_days.judged_date >= profiles.valid_from
            and judged_days.judged_date < profiles.valid_to
    group by
        judged_days.grain,
        judged_days.period_start,
        profiles.configured_profile_id,
        waits.gap_days
),

final as (
    select
        profiled.grain,
        profiled.period_start,
        listed.segment_set,
        listed.segment_key,
        profiled.gap_days,
        cast(sum(profiled.followed_count) as bigint) as followed_count,
        cast(sum(profiled.censored_count) as bigint) as censored_count
    from profiled
    inner join listed on profiled.profile_id = listed.profile_id
    group by
        profiled.grain,
        profiled.period_start,
        listed.segment_set,
        listed.segment_key,
        profiled.gap_days
)

select * from final
