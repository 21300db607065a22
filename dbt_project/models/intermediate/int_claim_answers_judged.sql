with

feedback as (
    select * from {{ ref('stg_feedback') }}
    where is_counted and customer_id is not null
),

tickets as (
    select * from {{ ref('stg_tickets') }}
    where customer_id is not null and is_sla_met is not null
),

served as (
    select
        feedback.feedback_id,
        feedback.score >= feedback.scale_max - 1 as is_satisfied,
        tickets.is_sla_met,
        row_number() over (
            partition by feedback.feedback_id order by tickets.opened_at desc, tickets.ticket_id desc
        ) as ticket_rank
    from feedback
    inner join tickets
        on
            feedback.customer_id = tickets.customer_id
            and feedback.submitted_date >= tickets.opened_date
            and feedback.submitted_date <= {{ date_add_days('tickets.opened_date', 30) }}
    where feedback.measure = 'csat'
),

final as (
    select
        feedback_id,
        is_sla_met,
        is_satisfied
    from served
    where ticket_rank = 1
)

select * from final
