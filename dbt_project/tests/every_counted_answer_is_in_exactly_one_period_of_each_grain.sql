with

staged as (
    select
        measure,
        scale_min,
        scale_max,
        count(*) as answers_count,
        sum(score) as score_sum
    from {{ ref('stg_feedback') }}
    where is_counted
    group by measure, scale_min, scale_max
),

facts as (
    select
        grain,
        measure,
        scale_min,
        scale_max,
        sum(answers_count) as answers_count,
        sum(score_sum) as score_sum
    from {{ ref('fct_feedback_period') }}
    where segment_set = 'all'
    group by grain, measure, scale_min, scale_max
)

select
    facts.*,
    staged.answers_count as staged_answers_count
from facts
full outer join staged
    on
        facts.measure = staged.measure
        and facts.scale_min = staged.scale_min
        and facts.scale_max = staged.scale_max
where
    facts.answers_count is distinct from staged.answers_count
    or facts.score_sum is distinct from staged.score_sum
