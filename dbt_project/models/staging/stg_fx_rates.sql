with

known as (
    {{ known_rows('fx_rates') }}
),

dated as (
    select
        known.*,
        {{ business_date('known.quoted_at') }} as rate_date
    from known
),

ranked as (
    select
        dated.*,
        row_number() over (
            partition by dated.currency, dated.rate_date
            order by dated.known_date desc, dated.ranked_as desc, dated.line desc
        ) as version_rank
    from dated
),

daily as (
    select
        ranked.*,
        {{ date_add_days('ranked.rate_date', var('max_rate_age_days') | int + 1) }} as too_old_from,
        lead(ranked.rate_date) over (partition by ranked.currency order by ranked.rate_date asc) as replaced_from
    from ranked
    where ranked.version_rank = 1
),

-- money of all times at one rate: the rate of the reference date, or the first there is
reference_rates as (
    select
        currency,
        coalesce(
            max_by(rate, rate_date) filter (where rate_date <= {{ date_literal(var('fx_reference_date')) }}),
            min_by(rate, rate_date)
        ) as reference_rate
    from daily
    group by currency
),

final as (
    select
        daily.currency,
        daily.rate_date,
        least(daily.too_old_from, coalesce(daily.replaced_from, daily.too_old_from)) as valid_to,
        cast(daily.rate as decimal(18, 8)) as rate,
        cast(reference_rates.reference_rate as decimal(18, 8)) as reference_rate,
        daily.known_date,
        daily.delivery_id
    from daily
    inner join reference_rates on daily.currency = reference_rates.currency
)

select * from final
