with

known as (
    {{ known_rows('control_totals') }}
),

ranked as (
    select
        known.*,
        row_number() over (
            partition by known.grain, known.period_start, known.measure
            order by known.updated_at desc nulls last, known.known_date desc, known.ranked_as desc, known.line desc
        ) as version_rank
    from known
),

final as (
    select
        grain,
        period_start,
        measure,
        cast(value as decimal(18, 4)) as value,
        known_date,
        delivery_id
    from ranked
    where version_rank = 1
)

select * from final
