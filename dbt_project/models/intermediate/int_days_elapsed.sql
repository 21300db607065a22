with

orders as (
    select * from {{ ref('stg_orders') }}
),

feedback as (
    select * from {{ ref('stg_feedback') }}
),

events as (
    select min(order_date) as first_date
    from orders
    where is_valid
    union all
    select min(submitted_date) as first_date
    from feedback
    where is_counted
),

bounds as (
    select
        min(first_date) as first_date,
        {{ as_of() }} as last_date
    from events
),

spine as (
    {{ date_spine('bounds', 'bounds.first_date', 'bounds.last_date') }}
),

final as (
    select calendar_date
    from spine
)

select * from final
