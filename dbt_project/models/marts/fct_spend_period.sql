with

spent as (
    select * from {{ ref('int_spend_periods_summed') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

customer_keys as (
    select * from {{ ref('int_segments_observed') }}
),

wanted_sets as (
    {{ text_rows(['all'] + ([var('channel_segment')] if var('channel_segment') else []), 'segment_set') }}
),

keys as (
    select
        customer_keys.segment_set,
        customer_keys.segment_key
    from customer_keys
    inner join wanted_sets on customer_keys.segment_set = wanted_sets.segment_set
    union
    select
        segment_set,
        segment_key
    from spent
),

cells as (
    select
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        keys.segment_set,
        keys.segment_key,
        coalesce(spent.acquisition_spend, 0) as acquisition_spend,
        coalesce(spent.retention_spend, 0) as retention_spend,
        sum(coalesce(spent.acquisition_spend_carried, 0)) over to_date as acquisition_spend_to_date,
        sum(coalesce(spent.retention_spend_carried, 0)) over to_date as retention_spend_to_date,
        coalesce(spent.acquisition_no_fx_rate_count, 0) as acquisition_no_fx_rate_count,
        coalesce(spent.retention_no_fx_rate_count, 0) as retention_no_fx_rate_count,
        sum(coalesce(spent.acquisition_no_fx_rate_count_carried, 0)) over to_date
            as acquisition_no_fx_rate_count_to_date,
        sum(coalesce(spent.retention_no_fx_rate_count_carried, 0)) over to_date as retention_no_fx_rate_count_to_date
    from periods
    cross join keys
    left join spent
        on
            periods.grain = spent.grain
            and periods.period_start = spent.period_start
            and keys.segment_set = spent.segment_set
            and keys.segment_key = spent.segment_key
    where {{ 'true' if 'spend' in var('sources') else 'false' }}
    window to_date as (
        partition by periods.grain, keys.segment_set, keys.segment_key
        order by periods.period_start asc rows between unbounded preceding and current row
    )
),

final as (
    select
        calendar,
        grain,
        period_start,
        period_end,
        segment_set,
        segment_key,
        cast(acquisition_spend as decimal(38, 4)) as acquisition_spend,
        cast(retention_spend as decimal(38, 4)) as retention_spend,
        cast(acquisition_spend_to_date as decimal(38, 4)) as acquisition_spend_to_date,
        cast(retention_spend_to_date as decimal(38, 4)) as retention_spend_to_date,
        cast(acquisition_no_fx_rate_count as bigint) as acquisition_no_fx_rate_count,
        cast(retention_no_fx_rate_count as bigint) as retention_no_fx_rate_count,
        cast(acquisition_no_fx_rate_count_to_date as bigint) as acquisition_no_fx_rate_count_to_date,
        cast(retention_no_fx_rate_count_to_date as bigint) as retention_no_fx_rate_count_to_date
    from cells
)

select * from final
