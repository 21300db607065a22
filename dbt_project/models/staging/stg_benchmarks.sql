with

known as (
    {{ known_rows('benchmarks') }}
),

dated as (
    select
        known.*,
        {{ business_date('known.quoted_at') }} as quoted_date
    from known
),

ranked as (
    select
        dated.*,
        row_number() over (
            partition by dated.metric, dated.variant, dated.segment_set, dated.segment_key, dated.source
            order by dated.quoted_at desc nulls last, dated.known_date desc, dated.ranked_as desc, dated.line desc
        ) as quote_rank
    from dated
    where
        dated.quoted_date is null
        or dated.quoted_date <= {{ as_of() }}
),

final as (
    select
        metric,
        variant,
        segment_set,
        segment_key,
        source,
        cast(value as decimal(18, 8)) as value,
        quoted_date,
        known_date,
        delivery_id
    from ranked
    where quote_rank = 1
)

select * from final
