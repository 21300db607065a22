with

spend as (
    select * from {{ ref('stg_spend') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

channel_sets as (
    {{ text_rows([var('channel_segment')] if var('channel_segment') else [], 'segment_set') }}
),

keyed as (
    select
        spend_date,
        kind,
        amount,
        no_fx_rate_count,
        'all' as segment_set,
        'all' as segment_key
    from spend
    union all
    select
        spend.spend_date,
        spend.kind,
        spend.amount,
        spend.no_fx_rate_count,
        channel_sets.segment_set,
        spend.channel as segment_key
    from spend
    cross join channel_sets
),

-- what was spent before the calendar begins is carried into its first period, for the sums to date alone
dated as (
    select
        periods.grain,
        periods.period_start,
        keyed.segment_set,
        keyed.segment_key,
        keyed.kind,
        keyed.amount,
        keyed.no_fx_rate_count,
        keyed.spend_date >= periods.period_start as is_within
    from keyed
    inner join periods
        on
            keyed.spend_date < periods.boundary_end
            and (keyed.spend_date >= periods.period_start or periods.period_number = 1)
),

final as (
    select
        grain,
        period_start,
        segment_set,
        segment_key,
        cast(coalesce(sum(amount) filter (where kind = 'acquisition' and is_within), 0) as decimal(38, 4))
            as acquisition_spend,
        cast(coalesce(sum(amount) filter (where kind = 'retention' and is_within), 0) as decimal(38, 4))
            as retention_spend,
        cast(coalesce(sum(amount) filter (where kind = 'acquisition'), 0) as decimal(38, 4))
            as acquisition_spend_carried,
        cast(coalesce(sum(amount) filter (where kind = 'retention'), 0) as decimal(38, 4))
            as retention_spend_carried,
        cast(coalesce(sum(no_fx_rate_count) filter (where kind = 'acquisition' and is_within), 0) as bigint)
            as acquisition_no_fx_rate_count,
        cast(coalesce(sum(no_fx_rate_count) filter (where kind = 'retention' and is_within), 0) as bigint)
            as retention_no_fx_rate_count,
        cast(coalesce(sum(no_fx_rate_count) filter (where kind = 'acquisition'), 0) as bigint)
            as acquisition_no_fx_rate_count_carried,
        cast(coalesce(sum(no_fx_rate_count) filter (where kind = 'retention'), 0) as bigint)
            as retention_no_fx_rate_count_carried
    from dated
    group by grain, period_start, segment_set, segment_key
)

select * from final
