with

feedback as (
    select * from {{ ref('stg_feedback') }}
),

ranked as (
    select
        customer_id,
        submitted_date,
        score,
        row_number() over (partition by customer_id order by submitted_at desc, feedback_id desc) as newest_first
    from feedback
    where
        is_counted
        and measure = 'nps'
        and customer_id is not null
),

final as (
    select
        customer_id,
        submitted_date,
        cast(
            case when score >= 9 then 'promoter' when score >= 7 then 'passive' else 'detractor' end as string
        ) as nps_group
    from ranked
    where newest_first = 1
)

select * from final
