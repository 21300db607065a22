with

known as (
    {{ known_rows('subscriptions') }}
),

ranked as (
    select
        known.*,
        row_number() over (
            partition by known.subscription_id
            order by known.updated_at desc nulls last, known.known_date desc, known.ranked_as desc, known.line desc
        ) as version_rank
    from known
),

dated as (
    select
        ranked.*,
        {{ business_date('ranked.started_at') }} as started_date,
        {{ business_date('ranked.ended_at') }} as ended_date
    from ranked
    where ranked.version_rank = 1
),

rates as (
    {{ rates_of_days('dated', 'started_date') }}
),

rated as (
    select
        dated.*,
        {{ shop_rate('dated.currency', 'rates.rate') }} as fx_rate,
        {{ shop_rate('dated.currency', 'rates.reference_rate') }} as reference_rate
    from dated
    left join rates
        on
            dated.currency = rates.currency
            and dated.started_date = rates.money_date
),

-- a subscription is active at x when started_date < x <= ended_date: one that ends the day it starts never is
judged as (
    select
        rated.*,
        case
            when rated.started_date > {{ as_of() }} then 'after_as_of'
            when rated.ended_date <= rated.started_date then 'no_time'
            when rated.fx_rate is null then 'no_fx_rate'
        end as exclusion_reason
    from rated
),

final as (
    select
        subscription_id,
        customer_id,
        started_date,
        ended_date,
        currency,
        fx_rate,
        {{ converted('monthly_amount', 'fx_rate') }} as monthly_amount,
        {{ converted('monthly_amount', 'reference_rate') }} as monthly_amount_constant,
        exclusion_reason is null as is_valid,
        cast(exclusion_reason as string) as exclusion_reason,
        known_date,
        delivery_id
    from judged
)

select * from final
