with

waits as (
    select * from {{ ref('int_order_waits_started') }}
),

days as (
    select * from {{ ref('int_days_mapped') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
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

final as (
    select
        judged_days.grain,
        judged_days.period_start,
        segments.segment_set,
        segments.segment_key,
        waits.gap_days,
        cast(sum(waits.followed_count) as bigint) as followed_count,
        cast(sum(waits.censored_count) as bigint) as censored_count
    from waits
    inner join judged_days on waits.order_date = judged_days.calendar_date
    inner join segments
        on
            waits.customer_id = segments.customer_id
            and judged_days.judged_date >= segments.valid_from
            and judged_days.judged_date < segments.valid_to
    where not segments.is_derived
    group by
        judged_days.grain,
        judged_days.period_start,
        segments.segment_set,
        segments.segment_key,
        waits.gap_days
)

select * from final
