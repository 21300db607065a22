with

known as (
    {{ known_rows('customers') }}
),

ranked as (
    select
        known.*,
        row_number() over (
            partition by known.customer_id
            order by known.updated_at desc nulls last, known.known_date desc, known.ranked_as desc, known.line desc
        ) as version_rank
    from known
),

final as (
    select
        customer_id,
        created_at,
        updated_at,
        known_date,
        delivery_id
    from ranked
    where version_rank = 1
)

select * from final
