with

customer_periods as (
    select * from {{ ref('fct_customer_period') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

-- 19 digits: the square of an 18-digit amount would not fit the type that a product of two of them gets
amounts as (
    select
        grain,
        period_start,
        customer_id,
        is_new,
        cast(previous_revenue_gross as decimal(19, 4)) as previous,
        cast(revenue_gross as decimal(19, 4)) as revenue
    from customer_periods
    where basis = 'calendar'
),

segmented as (
    select
        amounts.grain,
        amounts.period_start,
        segments.segment_set,
        segments.segment_key,
        amounts.is_new,
        amounts.previous > 0 as had_revenue,
        amounts.previous,
        amounts.revenue,
        least(amounts.revenue, amounts.previous) as kept
    from amounts
    inner join segments
        on
            amounts.customer_id = segments.customer_id
            and amounts.period_start >= segments.valid_from
            and amounts.period_start < segments.valid_to
),

final as (
    select
        'calendar' as basis,
        grain,
        period_start,
        segment_set,
        segment_key,
        cast(count(*) filter (where had_revenue) as bigint) as customers_revenue_previous,
        cast(sum(previous) as decimal(38, 4)) as revenue_previous,
        cast(sum(kept) filter (where had_revenue) as decimal(38, 4)) as revenue_retained_gross,
        cast(sum(revenue) filter (where had_revenue) as decimal(38, 4)) as revenue_retained_net,
        cast(sum(revenue) filter (where is_new) as decimal(38, 4)) as revenue_new,
        cast(sum(revenue) filter (where not had_revenue and not is_new) as decimal(38, 4)) as revenue_reactivation,
        cast(sum(revenue - kept) filter (where had_revenue) as decimal(38, 4)) as revenue_expansion,
        cast(sum(previous - kept) filter (where revenue > 0) as decimal(38, 4)) as revenue_contraction,
        cast(sum(previous) filter (where revenue = 0) as decimal(38, 4)) as revenue_churn,
        cast(sum(previous * previous) as decimal(38, 8)) as previous_sq,
        cast(sum(kept * kept) filter (where had_revenue) as decimal(38, 8)) as retained_gross_sq,
        cast(sum(kept * previous) filter (where had_revenue) as decimal(38, 8)) as retained_gross_x_previous,
        cast(sum(revenue * revenue) filter (where had_revenue) as decimal(38, 8)) as retained_net_sq,
        cast(sum(revenue * previous) filter (where had_revenue) as decimal(38, 8)) as retained_net_x_previous
    from segmented
    group by grain, period_start, segment_set, segment_key
)

select * from final
