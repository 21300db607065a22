with

last_reasons as (
    select * from {{ ref('int_churn_reasons_dated') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

reasons as (
    select distinct reason
    from last_reasons
),

by_reason as (
    select
        grain,
        period_start,
        reason,
        count(*) as customers_count
    from last_reasons
    group by grain, period_start, reason
),

by_period as (
    select
        grain,
        period_start,
        count(*) as customers_with_reason
    from last_reasons
    group by grain, period_start
),

final as (
    select
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        cast('churn_reason' as string) as segment_set,
        reasons.reason as segment_key,
        cast(coalesce(by_reason.customers_count, 0) as bigint) as customers_count,
        cast(coalesce(by_period.customers_with_reason, 0) as bigint) as customers_with_reason
    from periods
    cross join reasons
    left join by_reason
        on
            periods.grain = by_reason.grain
            and periods.period_start = by_reason.period_start
            and reasons.reason = by_reason.reason
    left join by_period
        on
            periods.grain = by_period.grain
            and periods.period_start = by_period.period_start
)

select * from final
