with

known as (
    {{ known_rows('spend') }}
),

dated as (
    select
        known.*,
        {{ business_date('known.spent_at') }} as spend_date,
        coalesce(nullif(trim(known.channel), ''), '(unknown)') as spend_channel
    from known
),

-- a later delivery of the same day, kind and channel replaces an earlier one; the rows of one and its repairs add up
placed as (
    select
        dated.*,
        first_value(dated.ranked_as) over (
            partition by dated.spend_date, dated.kind, dated.spend_channel
            order by dated.known_date desc, dated.ranked_as desc
        ) as last_delivery_id
    from dated
    where dated.spend_date <= {{ as_of() }}
),

rates as (
    {{ rates_of_days('placed', 'spend_date') }}
),

rated as (
    select
        placed.*,
        {{ shop_rate('placed.currency', 'rates.rate') }} as fx_rate
    from placed
    left join rates
        on
            placed.currency = rates.currency
            and placed.spend_date = rates.money_date
    where placed.ranked_as = placed.last_delivery_id
),

summed as (
    select
        spend_date,
        kind,
        spend_channel,
        max(known_date) as last_known_date,
        max(ranked_as) as only_delivery_id,
        count(*) as records,
        count(*) filter (where fx_rate is null) as unrated,
        sum({{ converted('amount', 'fx_rate') }}) filter (where fx_rate is not null) as spent
    from rated
    group by spend_date, kind, spend_channel
),

final as (
    select
        spend_date,
        kind,
        cast(spend_channel as string) as channel,
        cast(coalesce(spent, 0) as decimal(18, 4)) as amount,
        cast(records as bigint) as records_count,
        cast(unrated as bigint) as no_fx_rate_count,
        last_known_date as known_date,
        only_delivery_id as delivery_id
    from summed
)

select * from final
