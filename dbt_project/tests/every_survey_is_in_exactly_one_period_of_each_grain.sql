with

periods as (
    select * from {{ ref('dim_period') }}
),

surveys as (
    select
        periods.grain,
        periods.period_start,
        staged.measure,
        staged.scale_min,
        staged.scale_max,
        count(*) as sent_count
    from {{ ref('stg_invitations') }} as staged
    inner join periods
        on
            staged.sent_date >= periods.period_start
            and staged.sent_date < periods.period_end
    group by periods.grain, periods.period_start, staged.measure, staged.scale_min, staged.scale_max
),

facts as (
    select * from {{ ref('fct_survey_period') }}
    where segment_set = 'all'
)

select
    coalesce(facts.grain, surveys.grain) as grain,
    coalesce(facts.period_start, surveys.period_start) as period_start,
    coalesce(facts.measure, surveys.measure) as measure,
    facts.sent_count,
    surveys.sent_count as staged_sent_count
from facts
full outer join surveys
    on
        facts.grain = surveys.grain
        and facts.period_start = surveys.period_start
        and facts.measure = surveys.measure
        and facts.scale_min = surveys.scale_min
        and facts.scale_max = surveys.scale_max
where facts.sent_count is distinct from coalesce(surveys.sent_count, 0)
