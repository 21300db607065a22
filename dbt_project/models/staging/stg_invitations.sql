with

known as (
    {{ known_rows('feedback') }}
),

ranked as (
    select
        known.*,
        row_number() over (
            partition by known.feedback_id
            order by known.updated_at desc nulls last, known.known_date desc, known.ranked_as desc, known.line desc
        ) as version_rank
    from known
),

dated as (
    select
        ranked.*,
        {{ business_date('ranked.sent_at') }} as sent_date,
        {{ business_date('ranked.submitted_at') }} as submitted_date
    from ranked
    where
        ranked.version_rank = 1
        and ranked.sent_at is not null
),

final as (
    select
        feedback_id,
        customer_id,
        measure,
        cast(scale_min as decimal(9, 2)) as scale_min,
        cast(scale_max as decimal(9, 2)) as scale_max,
        sent_date,
        case when submitted_date <= {{ as_of() }} then submitted_date end as answered_date,
        known_date,
        delivery_id
    from dated
    where sent_date <= {{ as_of() }}
)

select * from final
