with

segments as (
    select * from {{ ref('int_customer_segments') }}
),

customers as (
    select * from {{ ref('dim_customer') }}
),

final as (
    select
        segments.customer_id,
        segments.segment_set,
        segments.segment_key,
        segments.valid_from,
        segments.valid_to
    from segments
    inner join customers on segments.customer_id = customers.customer_id
    where
        segments.segment_set <> 'all'
        and not segments.is_derived
)

select * from final
