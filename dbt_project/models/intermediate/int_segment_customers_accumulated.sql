with

milestones as (
    select * from {{ ref('int_customer_milestones_reached') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

keys as (
    select * from {{ ref('int_segments_observed') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

-- a customer counts on the dates x with reached_date < x and valid_from <= x < valid_to
stays as (
    select
        segments.segment_set,
        segments.segment_key,
        milestones.milestone,
        greatest({{ date_add_days('milestones.reached_date', 1) }}, segments.valid_from) as counted_from,
        segments.valid_to as counted_until
    from milestones
    inner join segments
        on
            milestones.customer_id = segments.customer_id
            and milestones.reached_date < {{ date_add_days('segments.valid_to', -1) }}
),

changes as (
    select
        segment_set,
        segment_key,
        milestone,
        counted_from as calendar_date,
        1 as step
    from stays
    union all
    select
        segment_set,
        segment_key,
        milestone,
        counted_until as calendar_date,
        -1 as step
    from stays
),

dates as (
    select
        segment_set,
        segment_key,
        calendar_date,
        sum(step) filter (where milestone = 'ordered') as ordered_change,
        sum(step) filter (where milestone = 'ordered_again') as repeated_change,
        sum(step) filter (where milestone = 'subscribed') as subscribed_change,
        false as is_period_start
    from changes
    group by segment_set, segment_key, calendar_date
    union all
    select distinct
        keys.segment_set,
        keys.segment_key,
        periods.period_start as calendar_date,
        0 as ordered_change,
        0 as repeated_change,
        0 as subscribed_change,
        true as is_period_start
    from periods
    cross join keys
),

running as (
    select
        segment_set,
        segment_key,
        calendar_date,
        is_period_start,
        sum(ordered_change) over to_date as ordered,
        sum(repeated_change) over to_date as ordered_again,
        sum(subscribed_change) over to_date as subscribed
    from dates
    window to_date as (
        partition by segment_set, segment_key order by calendar_date asc
        range between unbounded preceding and current row
    )
),

final as (
    select
        segment_set,
        segment_key,
        calendar_date,
        cast(coalesce(ordered, 0) as bigint) as customers_before,
        cast(coalesce(ordered_again, 0) as bigint) as customers_repeat_before,
        cast(coalesce(subscribed, 0) as bigint) as subscribers_before
    from running
    where is_period_start
)

select * from final
