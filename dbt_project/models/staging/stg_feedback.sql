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

-- an invitation that nobody has answered is not an answer
dated as (
    select
        ranked.*,
        {{ business_date('ranked.submitted_at') }} as submitted_date
    from ranked
    where
        ranked.version_rank = 1
        and ranked.score is not null
),

waved as (
    select
        dated.submitted_date <= {{ as_of() }} as is_submitted,
        coalesce(nullif(trim(dated.wave), ''), substr(cast(dated.submitted_date as string), 1, 7)) as survey_wave,
        dated.*
    from dated
),

-- one answer per customer and wave counts: the latest; an answer from after as_of must not displace an earlier one
numbered as (
    select
        waved.*,
        row_number() over (
            partition by
                waved.customer_id,
                waved.measure,
                waved.scale_min,
                waved.scale_max,
                waved.survey_wave,
                waved.is_submitted
            order by
                waved.submitted_at desc,
                waved.updated_at desc nulls last,
                waved.known_date desc,
                waved.feedback_id desc
        ) as answer_rank
    from waved
),

final as (
    select
        feedback_id,
        customer_id,
        order_id,
        sent_at,
        submitted_at,
        submitted_date,
        measure,
        cast(score as decimal(9, 2)) as score,
        cast(scale_min as decimal(9, 2)) as scale_min,
        cast(scale_max as decimal(9, 2)) as scale_max,
        cast(survey_wave as string) as wave,
        is_submitted and (customer_id is null or answer_rank = 1) as is_counted,
        known_date,
        delivery_id
    from numbered
)

select * from final
