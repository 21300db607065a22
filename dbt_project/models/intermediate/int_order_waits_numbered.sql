with

waits as (
    select * from {{ ref('int_order_waits_started') }}
),

buckets as (
    select * from {{ ref('int_order_buckets') }}
),

-- few rows are left, since almost every order day is one order
grouped as (
    select
        gap_days,
        least(order_number_first, {{ last_order_bucket() }}) as order_number_first,
        followed_count,
        censored_count,
        count(*) as repetitions
    from waits
    group by gap_days, least(order_number_first, {{ last_order_bucket() }}), followed_count, censored_count
),

-- waits are numbered on from order_number_first; the last bucket has no end
placed as (
    select
        buckets.orders_bucket,
        grouped.gap_days,
        grouped.repetitions,
        grouped.censored_count,
        grouped.censored_count = 0 as is_followed,
        grouped.order_number_first + grouped.followed_count + grouped.censored_count as number_after,
        greatest(grouped.order_number_first, buckets.orders_min) as number_from,
        buckets.orders_max
    from grouped
    inner join buckets
        on grouped.order_number_first <= coalesce(buckets.orders_max, grouped.order_number_first)
),

counted as (
    select
        orders_bucket,
        gap_days,
        is_followed,
        repetitions * (least(number_after, coalesce(orders_max + 1, number_after)) - number_from) as waits_count
    from placed
    where number_from < number_after
),

final as (
    select
        orders_bucket,
        gap_days,
        cast(coalesce(sum(waits_count) filter (where is_followed), 0) as bigint) as followed_count,
        cast(coalesce(sum(waits_count) filter (where not is_followed), 0) as bigint) as censored_count
    from counted
    group by orders_bucket, gap_days
)

select * from final
