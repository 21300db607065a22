with

groups as (
    select * from {{ ref('int_customer_rfm_grouped') }}
),

customers as (
    select * from {{ ref('int_customers_known') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

-- the day after as_of starts no period, unless one ends with as_of
starts as (
    select period_start
    from periods
    where grain = {{ rfm_grain() }}
),

changes as (
    select
        groups.customer_id,
        groups.boundary_date,
        groups.rfm_group
    from groups
    inner join starts on groups.boundary_date = starts.period_start
    where groups.rfm_group <> groups.previous_group
),

openings as (
    select
        customer_id,
        rfm_group as segment_key,
        boundary_date as valid_from
    from changes
    union all
    select
        customer_id,
        '(no orders)' as segment_key,
        cast('0001-01-01' as date) as valid_from
    from customers
    where exists (select 1 from starts)
),

final as (
    select
        customer_id,
        cast('rfm' as string) as segment_set,
        cast(segment_key as string) as segment_key,
        valid_from,
        coalesce(
            lead(valid_from) over (partition by customer_id order by valid_from asc), cast('9999-12-31' as date)
        ) as valid_to
    from openings
)

select * from final
