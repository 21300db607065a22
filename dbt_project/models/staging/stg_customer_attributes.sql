with

-- a snapshot replaces the state, but what earlier ones said about a customer stays true of its time
deliveries as (
    {{ visible_deliveries('customers', with_history=true) }}
),

customers as (
    select * from {{ source('raw', 'customers') }}
),

segment_sets as (
    {{ text_rows(var('segments'), 'segment_set') }}
),

versions as (
    select
        customers.customer_id,
        customers.known_date,
        customers.attributes,
        row_number() over (
            partition by customers.customer_id
            order by
                deliveries.snapshot_date asc nulls first,
                customers.updated_at asc nulls first,
                customers.known_date asc,
                deliveries.ranked_as asc,
                customers.line asc
        ) as version_number
    from customers
    inner join deliveries on customers.delivery_id = deliveries.delivery_id
    where customers.known_date <= {{ as_of() }}
),

-- the frame includes all rows of a known_date: its last one wins, and an older version that arrives late never does
judged as (
    select
        versions.*,
        max(versions.version_number) over (
            partition by versions.customer_id order by versions.known_date asc
            range between unbounded preceding and current row
        ) as newest_known
    from versions
),

attributed as (
    select
        judged.customer_id,
        segment_sets.segment_set,
        judged.known_date,
        coalesce(nullif(trim(judged.attributes[segment_sets.segment_set]), ''), '(unknown)') as segment_key
    from judged
    cross join segment_sets
    where judged.version_number = judged.newest_known
),

compared as (
    select
        attributed.*,
        lag(attributed.segment_key) over (
            partition by attributed.customer_id, attributed.segment_set order by attributed.known_date asc
        ) as previous_key
    from attributed
),

-- a value counts from the day it was known; the first one also counts for all time before
changed as (
    select
        customer_id,
        segment_set,
        segment_key,
        case when previous_key is null then cast('0001-01-01' as date) else known_date end as valid_from
    from compared
    where previous_key is distinct from segment_key
),

final as (
    select
        customer_id,
        segment_set,
        cast(segment_key as string) as segment_key,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by customer_id, segment_set order by valid_from asc),
            cast('9999-12-31' as date)
        ) as valid_to
    from changed
)

select * from final
