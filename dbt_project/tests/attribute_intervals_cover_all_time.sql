with

neighbours as (
    select
        customer_id,
        segment_set,
        valid_from,
        valid_to,
        lag(valid_to) over (partition by customer_id, segment_set order by valid_from asc) as previous_to,
        lead(valid_from) over (partition by customer_id, segment_set order by valid_from asc) as next_from
    from {{ ref('int_customer_segments') }}
)

select *
from neighbours
where
    valid_from >= valid_to
    or valid_from <> coalesce(previous_to, cast('0001-01-01' as date))
    or valid_to <> coalesce(next_from, cast('9999-12-31' as date))
