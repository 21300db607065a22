with

tickets as (
    select * from {{ ref('stg_tickets') }}
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
        tickets.customer_id,
        tickets.kind,
        cast(tickets.response_hours as double) as response_hours,
        tickets.is_sla_met
    from tickets
    inner join periods
        on
            tickets.opened_date >= periods.period_start
            and tickets.opened_date < periods.period_end
),

-- a ticket without a customer belongs to the total alone
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
        cast(count(*) as bigint) as tickets_count,
        cast(count(*) filter (where kind = 'complaint') as bigint) as complaints_count,
        cast(count(customer_id) as bigint) as tickets_with_customer_count,
        cast(count(distinct customer_id) as bigint) as customers_with_ticket,
        cast(count(distinct customer_id) filter (where kind = 'complaint') as bigint) as customers_with_complaint,
        cast(count(response_hours) as bigint) as responses_count,
        percentile_cont(0.5) within group (order by response_hours) as response_hours_p50,
        percentile_cont(0.9) within group (order by response_hours) as response_hours_p90,
        cast(count(is_sla_met) as bigint) as sla_decided_count,
        cast(count(*) filter (where is_sla_met) as bigint) as sla_met_count
    from segmented
    group by grain, period_start, segment_set, segment_key
)

select * from final
