with

facts as (
    select * from {{ ref('fct_spend_period') }}
),

steps as (
    select
        grain,
        period_start,
        segment_set,
        segment_key,
        acquisition_spend,
        retention_spend,
        acquisition_spend_to_date,
        retention_spend_to_date,
        acquisition_spend_to_date - lag(acquisition_spend_to_date) over in_time as acquisition_step,
        retention_spend_to_date - lag(retention_spend_to_date) over in_time as retention_step,
        row_number() over (partition by grain, segment_set, segment_key order by period_start desc) as newest_first
    from facts
    window in_time as (partition by grain, segment_set, segment_key order by period_start asc)
),

spent as (
    select
        coalesce(sum(amount) filter (where kind = 'acquisition'), 0) as acquisition_spend,
        coalesce(sum(amount) filter (where kind = 'retention'), 0) as retention_spend
    from {{ ref('stg_spend') }}
)

select
    steps.grain,
    steps.period_start,
    steps.segment_set,
    steps.segment_key
from steps
cross join spent
where
    steps.acquisition_step <> steps.acquisition_spend
    or steps.retention_step <> steps.retention_spend
    or (
        steps.newest_first = 1
        and steps.segment_set = 'all'
        and (
            steps.acquisition_spend_to_date <> spent.acquisition_spend
            or steps.retention_spend_to_date <> spent.retention_spend
        )
    )
