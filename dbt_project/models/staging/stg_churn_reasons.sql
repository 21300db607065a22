with

known as (
    {{ known_rows('churn_reasons') }}
),

dated as (
    select
        known.*,
        {{ business_date('known.given_at') }} as given_date
    from known
),

ranked as (
    select
        dated.*,
        row_number() over (
            partition by dated.customer_id, dated.given_date
            order by dated.given_at desc, dated.known_date desc, dated.ranked_as desc, dated.line desc
        ) as reason_rank
    from dated
    where dated.given_date <= {{ as_of() }}
),

final as (
    select
        customer_id,
        given_date,
        reason,
        known_date,
        delivery_id
    from ranked
    where reason_rank = 1
)

select * from final
