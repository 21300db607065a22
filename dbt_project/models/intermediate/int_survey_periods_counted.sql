with

invitations as (
    select * from {{ ref('stg_invitations') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

-- by date, not by elapsed day: the first period may hold days before the first order
dated as (
    select
        periods.grain,
        periods.period_start,
        invitations.customer_id,
        invitations.measure,
        invitations.scale_min,
        invitations.scale_max,
        invitations.answered_date >= invitations.sent_date
        and invitations.answered_date
        <= {{ date_add_days('invitations.sent_date', var('response_window_days')) }} as is_answered
    from invitations
    inner join periods
        on
            invitations.sent_date >= periods.period_start
            and invitations.sent_date < periods.period_end
),

-- an invitation without a customer belongs to the total alone
segmented as (
    select
        dated.*,
        coalesce(segments.segment_set, 'all') as segment_set,
        coalesce(segments.segment_key, 'all') as segment_key
    from dated
    left join segments
        on
            dated.customer_id = segments.customer_id
            and dated.period_start >= segments.valid_from
            and dated.period_start < segments.valid_to
),

final as (
    select
        grain,
        period_start,
        segment_set,
        segment_key,
        measure,
        scale_min,
        scale_max,
        cast(count(*) as bigint) as sent_count,
        cast(count(*) filter (where is_answered) as bigint) as answered_count,
        cast(count(distinct customer_id) as bigint) as customers_count
    from segmented
    group by grain, period_start, segment_set, segment_key, measure, scale_min, scale_max
)

select * from final
