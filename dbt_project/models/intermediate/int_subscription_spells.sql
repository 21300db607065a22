with

subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
),

-- an open end has not come by any boundary
intervals as (
    select
        customer_id,
        subscription_id,
        started_date,
        coalesce(ended_date, cast('9999-12-31' as date)) as ended_date
    from subscriptions
    where is_valid
),

reached as (
    select
        *,
        max(ended_date) over (
            partition by customer_id order by started_date asc, subscription_id asc
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from intervals
),

-- an interval that begins when another one ends leaves no boundary uncovered, so it extends the spell
numbered as (
    select
        customer_id,
        started_date,
        ended_date,
        sum(case when started_date <= covered_until then 0 else 1 end) over (
            partition by customer_id order by started_date asc, subscription_id asc
            rows between unbounded preceding and current row
        ) as spell_number
    from reached
),

final as (
    select
        customer_id,
        cast(spell_number as integer) as spell_number,
        min(started_date) as spell_start,
        max(ended_date) as spell_end
    from numbered
    group by customer_id, spell_number
)

select * from final
