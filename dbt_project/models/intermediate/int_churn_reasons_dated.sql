with

reasons as (
    select * from {{ ref('stg_churn_reasons') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

-- by date, not by elapsed day: the first period may hold days before the first order
dated as (
    select
        periods.grain,
        periods.period_start,
        reasons.customer_id,
        reasons.reason,
        row_number() over (
            partition by periods.grain, periods.period_start, reasons.customer_id order by reasons.given_date desc
        ) as newest_first
    from reasons
    inner join periods
        on
            reasons.given_date >= periods.period_start
            and reasons.given_date < periods.period_end
),

final as (
    select
        grain,
        period_start,
        customer_id,
        reason
    from dated
    where newest_first = 1
)

select * from final
