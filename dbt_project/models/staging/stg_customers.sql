with

deliveries as (
    {{ visible_deliveries('customers') }}
),

customers as (
    select * from {{ source('raw', 'customers') }}
),

known as (
    select customers.*
    from customers
    inner join deliveries on customers.delivery_id = deliveries.delivery_id
    where customers.known_date <= {{ as_of() }}
),

ranked as (
    select
        known.*,
        row_number() over (
            partition by known.customer_id
            order by known.updated_at desc nulls last, known.known_date desc, known.delivery_id desc, known.line desc
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
