with

feedback as (
    select * from {{ ref('stg_feedback') }}
),

days as (
    select * from {{ ref('int_days_mapped') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

answers as (
    select
        days.grain,
        days.period_start,
        feedback.customer_id,
        feedback.measure,
        feedback.scale_min,
        feedback.scale_max,
        feedback.score,
        (feedback.measure = 'csat' and feedback.score >= feedback.scale_max - 1)
        or (feedback.measure = 'thumbs' and feedback.score = 1) as is_top_box
    from feedback
    inner join days on feedback.submitted_date = days.calendar_date
    where feedback.is_counted
),

-- an answer without a customer belongs to the total alone
segmented as (
    select
        answers.*,
        coalesce(segments.segment_set, 'all') as segment_set,
        coalesce(segments.segment_key, 'all') as segment_key
    from answers
    left join segments
        on
            answers.customer_id = segments.customer_id
            and answers.period_start >= segments.valid_from
            and answers.period_start < segments.valid_to
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
        cast(count(*) as bigint) as answers_count,
        cast(count(*) filter (where measure = 'nps' and score >= 9) as bigint) as promoters_count,
        cast(count(*) filter (where measure = 'nps' and score >= 7 and score < 9) as bigint) as passives_count,
        cast(count(*) filter (where measure = 'nps' and score < 7) as bigint) as detractors_count,
        cast(count(*) filter (where is_top_box) as bigint) as top_box_count,
        cast(sum(score) as decimal(38, 4)) as score_sum,
        cast(sum(score * score) as decimal(38, 8)) as score_sq,
        cast(count(distinct customer_id) as bigint) as customers_count
    from segmented
    group by grain, period_start, segment_set, segment_key, measure, scale_min, scale_max
)

select * from final
