with

counted as (
    select * from {{ ref('int_ticket_periods_counted') }}
),

keys as (
    select * from {{ ref('int_segments_observed') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

final as (
    select
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        keys.segment_set,
        keys.segment_key,
        coalesce(counted.tickets_count, cast(0 as bigint)) as tickets_count,
        coalesce(counted.complaints_count, cast(0 as bigint)) as complaints_count,
        coalesce(counted.tickets_with_customer_count, cast(0 as bigint)) as tickets_with_customer_count,
        coalesce(counted.customers_with_ticket, cast(0 as bigint)) as customers_with_ticket,
        coalesce(counted.customers_with_complaint, cast(0 as bigint)) as customers_with_complaint,
        coalesce(counted.responses_count, cast(0 as bigint)) as responses_count,
        cast(counted.response_hours_p50 as double) as response_hours_p50,
        cast(counted.response_hours_p90 as double) as response_hours_p90,
        coalesce(counted.sla_decided_count, cast(0 as bigint)) as sla_decided_count,
        coalesce(counted.sla_met_count, cast(0 as bigint)) as sla_met_count
    from periods
    cross join keys
    left join counted
        on
            periods.grain = counted.grain
            and periods.period_start = counted.period_start
            and keys.segment_set = counted.segment_set
            and keys.segment_key = counted.segment_key
    where {{ 'true' if 'tickets' in var('sources') else 'false' }}
)

select * from final
