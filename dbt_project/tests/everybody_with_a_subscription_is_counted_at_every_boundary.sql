-- counted here from the subscriptions themselves, without spells
with

bases as (
    {{ text_rows(activity_bases(), 'basis') }}
),

boundaries as (
    select
        grain,
        period_start,
        period_start as boundary_date,
        'start' as boundary_name
    from {{ ref('dim_period') }}
    union all
    select
        grain,
        period_start,
        boundary_end as boundary_date,
        'end' as boundary_name
    from {{ ref('dim_period') }}
),

subscriptions as (
    select * from {{ ref('stg_subscriptions') }}
),

counted as (
    select
        boundaries.grain,
        boundaries.period_start,
        boundaries.boundary_name,
        count(distinct subscriptions.customer_id) as customers_count,
        coalesce(sum(subscriptions.monthly_amount), 0) as amount
    from boundaries
    left join subscriptions
        on
            subscriptions.is_valid
            and boundaries.boundary_date > subscriptions.started_date
            and boundaries.boundary_date <= coalesce(subscriptions.ended_date, cast('9999-12-31' as date))
    group by boundaries.grain, boundaries.period_start, boundaries.boundary_name
),

begun as (
    select
        boundaries.grain,
        boundaries.period_start,
        boundaries.boundary_name,
        count(distinct subscriptions.customer_id) as customers_count
    from boundaries
    left join subscriptions
        on
            subscriptions.is_valid
            and boundaries.boundary_date > subscriptions.started_date
    group by boundaries.grain, boundaries.period_start, boundaries.boundary_name
),

facts as (
    select * from {{ ref('fct_period') }}
)

select
    counted.*,
    facts.customers_start,
    facts.customers_end
from counted
inner join begun
    on
        counted.grain = begun.grain
        and counted.period_start = begun.period_start
        and counted.boundary_name = begun.boundary_name
inner join bases on bases.basis = 'subscription'
left join facts
    on
        bases.basis = facts.basis
        and counted.grain = facts.grain
        and counted.period_start = facts.period_start
        and facts.segment_set = 'all'
where
    facts.customers_start is null
    or counted.customers_count
    <> case when counted.boundary_name = 'start' then facts.customers_start else facts.customers_end end
    or counted.amount
    <> case when counted.boundary_name = 'start' then facts.revenue_previous else facts.revenue_current end
    or begun.customers_count
    <> facts.customers_start + facts.customers_lapsed_start
    + case when begun.boundary_name = 'start' then 0 else facts.customers_new end
