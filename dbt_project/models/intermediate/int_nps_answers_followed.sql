with

feedback as (
    select * from {{ ref('stg_feedback') }}
),

days as (
    select * from {{ ref('int_days_mapped') }}
),

answers as (
    select
        days.grain,
        days.period_start,
        feedback.customer_id,
        feedback.score,
        feedback.submitted_date,
        row_number() over (
            partition by days.grain, days.period_start, feedback.customer_id
            order by feedback.submitted_at desc, feedback.feedback_id desc
        ) as newest_first
    from feedback
    inner join days on feedback.submitted_date = days.calendar_date
    where
        feedback.is_counted
        and feedback.measure = 'nps'
        and feedback.customer_id is not null
),

final as (
    select
        grain,
        period_start,
        customer_id,
        case
            when score >= 9 then 'promoter'
            when score >= 7 then 'passive'
            else 'detractor'
        end as nps_group,
        {{ date_add_days('submitted_date', 1) }} as asked_boundary,
        {{ date_add_days('submitted_date', var('activity_window_days') ~ ' + 1') }} as followed_boundary
    from answers
    where newest_first = 1
)

select * from final
