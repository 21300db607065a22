with

transitions as (
    select * from {{ ref('fct_rfm_transition') }}
),

arrived as (
    select
        period_end as boundary_date,
        to_group as rfm_group,
        sum(customers_count) as customers_count
    from transitions
    group by period_end, to_group
),

left_from as (
    select
        period_start as boundary_date,
        from_group as rfm_group,
        sum(customers_count) as customers_count
    from transitions
    where from_group <> '(no orders)'
    group by period_start, from_group
),

last_boundary as (
    select max(period_end) as boundary_date
    from transitions
)

select
    coalesce(arrived.boundary_date, left_from.boundary_date) as boundary_date,
    coalesce(arrived.rfm_group, left_from.rfm_group) as rfm_group
from arrived
full outer join left_from
    on
        arrived.boundary_date = left_from.boundary_date
        and arrived.rfm_group = left_from.rfm_group
cross join last_boundary
where
    arrived.customers_count is distinct from left_from.customers_count
    and coalesce(arrived.boundary_date, left_from.boundary_date) <> last_boundary.boundary_date
