with

feedback as (
    select * from {{ ref('stg_feedback') }}
    where is_counted and customer_id is not null and measure = 'nps'
),

spells as (
    select * from {{ ref('int_customer_spells') }}
),

ranked as (
    select
        customer_id,
        score,
        row_number() over (
            partition by customer_id order by submitted_at desc, feedback_id desc
        ) as answer_rank
    from feedback
),

-- kept: active at the end of as_of after more than one order day
kept as (
    select customer_id
    from spells
    group by customer_id
    having
        max(spell_end) >= {{ date_add_days(as_of(), 1) }}
        and min(spell_start) < max({{ date_add_days('spell_end', '-' ~ var('activity_window_days')) }})
),

final as (
    select
        ranked.customer_id,
        ranked.score >= 9 as is_promoter
    from ranked
    inner join kept on ranked.customer_id = kept.customer_id
    where ranked.answer_rank = 1
)

select * from final
