with

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

keys as (
    select * from {{ ref('int_segments_observed') }}
),

buckets as (
    select * from {{ ref('int_order_buckets') }}
),

days as (
    select * from {{ ref('int_days_elapsed') }}
),

-- from the day after an order day to the next one the customer has so many orders; the last bucket is never left
stays as (
    select
        customer_id,
        least(order_number_first + orders_count - 1, {{ last_order_bucket() }}) as orders_reached,
        {{ date_add_days('order_date', 1) }} as counted_from,
        case
            when order_number_first + orders_count - 1 < {{ last_order_bucket() }}
                then {{ date_add_days('lead(order_date) over (partition by customer_id order by order_date asc)', 1) }}
        end as counted_until
    from order_days
    where order_number_first <= {{ last_order_bucket() }}
),

segmented as (
    select
        segments.segment_set,
        segments.segment_key,
        stays.orders_reached,
        greatest(stays.counted_from, segments.valid_from) as counted_from,
        least(coalesce(stays.counted_until, segments.valid_to), segments.valid_to) as counted_until
    from stays
    inner join segments
        on
            stays.customer_id = segments.customer_id
            and stays.counted_from < segments.valid_to
            and coalesce(stays.counted_until, segments.valid_to) > segments.valid_from
    where not segments.is_derived
),

changes as (
    select
        segment_set,
        segment_key,
        orders_reached,
        counted_from as calendar_date,
        count(*) as step
    from segmented
    group by segment_set, segment_key, orders_reached, counted_from
    union all
    select
        segment_set,
        segment_key,
        orders_reached,
        counted_until as calendar_date,
        -count(*) as step
    from segmented
    group by segment_set, segment_key, orders_reached, counted_until
),

daily as (
    select
        segment_set,
        segment_key,
        orders_reached,
        calendar_date,
        sum(step) as step
    from changes
    group by segment_set, segment_key, orders_reached, calendar_date
),

final as (
    select
        keys.segment_set,
        keys.segment_key,
        buckets.orders_bucket,
        days.calendar_date,
        cast(
            coalesce(
                sum(daily.step) over (
                    partition by keys.segment_set, keys.segment_key, buckets.orders_bucket
                    order by days.calendar_date asc
                    rows between unbounded preceding and current row
                ),
                0
            ) as bigint
        ) as customers_before
    from keys
    cross join buckets
    cross join days
    left join daily
        on
            keys.segment_set = daily.segment_set
            and keys.segment_key = daily.segment_key
            and buckets.orders_min = daily.orders_reached
            and days.calendar_date = daily.calendar_date
    where not keys.is_derived
)

select * from final
