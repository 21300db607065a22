with

expected as (
    select 'all' as segment_set
    union all
    {{ text_rows(var('segments'), 'segment_set') }}
    union all
    {{ text_rows(var('derived_segments'), 'segment_set') }}
),

customers as (
    select * from {{ ref('int_customers_known') }}
),

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

select
    customers.customer_id,
    expected.segment_set,
    neighbours.valid_from,
    neighbours.valid_to
from customers
cross join expected
left join neighbours
    on
        customers.customer_id = neighbours.customer_id
        and expected.segment_set = neighbours.segment_set
where
    neighbours.customer_id is null
    or neighbours.valid_from >= neighbours.valid_to
    or neighbours.valid_from <> coalesce(neighbours.previous_to, cast('0001-01-01' as date))
    or neighbours.valid_to <> coalesce(neighbours.next_from, cast('9999-12-31' as date))
