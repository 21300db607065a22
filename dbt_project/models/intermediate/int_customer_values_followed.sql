with

ordered_periods as (
    select * from {{ ref('int_customer_periods_ordered') }}
),

measures as (
    select * from {{ ref('int_period_value_measures') }}
),

followed as (
    select
        customer_id,
        grain,
        period_number,
        revenue_gross,
        margin,
        next_period_number,
        previous_period_number,
        lead(revenue_gross) over (partition by customer_id, grain order by period_number asc) as next_revenue_gross,
        lead(margin) over (partition by customer_id, grain order by period_number asc) as next_margin
    from ordered_periods
    where grain in ('month', 'quarter', 'year')
),

-- whoever orders in a period, and whoever orders in the next one alone
paired as (
    select
        customer_id,
        grain,
        period_number,
        true as is_existing,
        revenue_gross,
        margin,
        case when next_period_number = period_number + 1 then next_revenue_gross else 0 end as next_revenue_gross,
        case when next_period_number = period_number + 1 then next_margin else 0 end as next_margin
    from followed
    union all
    select
        customer_id,
        grain,
        period_number - 1 as period_number,
        false as is_existing,
        0 as revenue_gross,
        0 as margin,
        revenue_gross as next_revenue_gross,
        margin as next_margin
    from followed
    where previous_period_number is distinct from period_number - 1
),

final as (
    select
        paired.customer_id,
        paired.grain,
        measures.period_start,
        paired.is_existing,
        cast(case when measures.is_margin then paired.margin else paired.revenue_gross end as decimal(18, 4)) as value,
        cast(
            case when measures.is_margin then paired.next_margin else paired.next_revenue_gross end as decimal(18, 4)
        ) as next_value
    from paired
    inner join measures
        on
            paired.grain = measures.grain
            and paired.period_number = measures.period_number
)

select * from final
