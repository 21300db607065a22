with

customer_periods as (
    select * from {{ ref('fct_customer_period') }}
),

profiles as (
    select * from {{ ref('int_customer_profiles_dated') }}
),

listed as (
    select * from {{ ref('int_profile_segments_listed') }}
),

-- 19 digits: the square of an 18-digit amount would not fit the type that a product of two of them gets
-- an amount too small for four decimals of one of the two rates is still revenue
amounts as (
    select
        basis,
        grain,
        period_start,
        customer_id,
        is_new,
        previous_revenue_gross > 0 or previous_revenue_gross_constant > 0 as had_revenue,
        revenue_gross > 0 or revenue_gross_constant > 0 as has_revenue,
        cast(previous_revenue_gross as decimal(19, 4)) as previous,
        cast(revenue_gross as decimal(19, 4)) as revenue,
        cast(least(revenue_gross, previous_revenue_gross) as decimal(19, 4)) as kept,
        previous_revenue_gross_constant as constant_previous,
        revenue_gross_constant as constant_revenue,
        least(revenue_gross_constant, previous_revenue_gross_constant) as constant_kept
    from customer_periods
    where basis <> 'purchase_window'
),

profiled as (
    select
        amounts.*,
        profiles.profile_id
    from amounts
    inner join profiles
        on
            amounts.customer_id = profiles.customer_id
            and amounts.period_start >= profiles.valid_from
            and amounts.period_start < profiles.valid_to
),

summed as (
    select
        basis,
        grain,
        period_start,
        profile_id,
        cast(count(*) filter (where had_revenue) as bigint) as customers_revenue_previous,
        cast(sum(previous) as decimal(38, 4)) as revenue_previous,
        cast(sum(revenue) as decimal(38, 4)) as revenue_current,
        cast(sum(kept) as decimal(38, 4)) as revenue_retained_gross,
        cast(sum(revenue) filter (where had_revenue) as decimal(38, 4)) as revenue_retained_net,
        cast(sum(constant_previous) as decimal(38, 4)) as revenue_previous_constant,
        cast(sum(constant_kept) as decimal(38, 4)) as revenue_retained_gross_constant,
        cast(sum(constant_revenue) filter (where had_revenue) as decimal(38, 4)) as revenue_retained_net_constant,
        cast(sum(constant_revenue) filter (where is_new) as decimal(38, 4)) as revenue_new,
        cast(
            sum(constant_revenue) filter (where not had_revenue and not is_new) as decimal(38, 4)
        ) as revenue_reactivation,
        cast(sum(constant_revenue - constant_kept) filter (where had_revenue) as decimal(38, 4)) as revenue_expansion,
        cast(
            sum(constant_previous - constant_kept) filter (where has_revenue) as decimal(38, 4)
        ) as revenue_contraction,
        cast(sum(constant_previous) filter (where not has_revenue) as decimal(38, 4)) as revenue_churn,
        cast(
            sum(revenue - previous) - sum(constant_revenue - constant_previous) as decimal(38, 4)
        ) as revenue_fx,
        cast(sum(previous * previous) as decimal(38, 8)) as previous_sq,
        cast(sum(kept * kept) as decimal(38, 8)) as retained_gross_sq,
        cast(sum(kept * previous) as decimal(38, 8)) as retained_gross_x_previous,
        cast(sum(revenue * revenue) filter (where had_revenue) as decimal(38, 8)) as retained_net_sq,
        cast(sum(revenue * previous) as decimal(38, 8)) as retained_net_x_previous
    from profiled
    group by basis, grain, period_start, profile_id
),

final as (
    select
        summed.basis,
        summed.grain,
        summed.period_start,
        listed.segment_set,
        listed.segment_key,
        cast(sum(summed.customers_revenue_previous) as bigint) as customers_revenue_previous,
        cast(sum(summed.revenue_previous) as decimal(38, 4)) as revenue_previous,
        cast(sum(summed.revenue_current) as decimal(38, 4)) as revenue_current,
        cast(sum(summed.revenue_retained_gross) as decimal(38, 4)) as revenue_retained_gross,
        cast(sum(summed.revenue_retained_net) as decimal(38, 4)) as revenue_retained_net,
        cast(sum(summed.revenue_previous_constant) as decimal(38, 4)) as revenue_previous_constant,
        cast(sum(summed.revenue_retained_gross_constant) as decimal(38, 4)) as revenue_retained_gross_constant,
        cast(sum(summed.revenue_retained_net_constant) as decimal(38, 4)) as revenue_retained_net_constant,
        cast(sum(summed.revenue_new) as decimal(38, 4)) as revenue_new,
        cast(sum(summed.revenue_reactivation) as decimal(38, 4)) as revenue_reactivation,
        cast(sum(summed.revenue_expansion) as decimal(38, 4)) as revenue_expansion,
        cast(sum(summed.revenue_contraction) as decimal(38, 4)) as revenue_contraction,
        cast(sum(summed.revenue_churn) as decimal(38, 4)) as revenue_churn,
        cast(sum(summed.revenue_fx) as decimal(38, 4)) as revenue_fx,
        cast(sum(summed.previous_sq) as decimal(38, 8)) as previous_sq,
        cast(sum(summed.retained_gross_sq) as decimal(38, 8)) as retained_gross_sq,
        cast(sum(summed.retained_gross_x_previous) as decimal(38, 8)) as retained_gross_x_previous,
        cast(sum(summed.retained_net_sq) as decimal(38, 8)) as retained_net_sq,
        cast(sum(summed.retained_net_x_previous) as decimal(38, 8)) as retained_net_x_previous
    from summed
    inner join listed on summed.profile_id = listed.profile_id
    group by summed.basis, summed.grain, summed.period_start, listed.segment_set, listed.segment_key
)

select * from final
