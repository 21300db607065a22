with

days as (
    select * from {{ ref('int_days_elapsed') }}
),

grains as (
    {{ text_rows(var('grains'), 'grain') }}
),

starts as (
    select distinct
        grains.grain,
        case grains.grain
            when 'day' then days.calendar_date
            when 'week' then {{ date_add_days(
                "cast(date_trunc('week', " ~ date_add_days('days.calendar_date', week_shift()) ~ ") as date)",
                '-' ~ week_shift()
            ) }}
            when 'month' then cast(date_trunc('month', days.calendar_date) as date)
            when 'quarter' then cast(date_trunc('quarter', days.calendar_date) as date)
            when 'year' then cast(date_trunc('year', days.calendar_date) as date)
        end as period_start
    from days
    cross join grains
),

periods as (
    select
        starts.grain,
        starts.period_start,
        case starts.grain
            when 'day' then {{ date_add_days('starts.period_start', 1) }}
            when 'week' then {{ date_add_days('starts.period_start', 7) }}
            when 'month' then cast(starts.period_start + interval '1' month as date)
            when 'quarter' then cast(starts.period_start + interval '3' month as date)
            when 'year' then cast(starts.period_start + interval '12' month as date)
        end as period_end,
        -- a week is named by the ISO week of its fourth day, whose Thursday says which year it belongs to
        cast(date_trunc('week', {{ date_add_days('starts.period_start', 3) }}) as date) as iso_week_start
    from starts
),

labelled as (
    select
        periods.*,
        case periods.grain
            when 'day' then cast(periods.period_start as string)
            when 'week'
                then
                    cast(year({{ date_add_days('periods.iso_week_start', 3) }}) as string) || '-W'
                    || lpad(cast(weekofyear(periods.iso_week_start) as string), 2, '0')
            when 'month' then substr(cast(periods.period_start as string), 1, 7)
            when 'quarter'
                then
                    substr(cast(periods.period_start as string), 1, 4) || '-Q'
                    || cast(quarter(periods.period_start) as string)
            when 'year' then substr(cast(periods.period_start as string), 1, 4)
        end as label
    from periods
),

final as (
    select
        cast('gregorian' as string) as calendar,
        grain,
        period_start,
        period_end,
        cast(row_number() over (partition by grain order by period_start asc) as integer) as period_number,
        cast(label as string) as label,
        least(period_end, {{ date_add_days(as_of(), 1) }}) as boundary_end,
        coalesce(
            {{ date_literal(var('data_through')) }} >= {{ date_add_days('period_end', -1) }}, false
        ) as is_complete,
        coalesce(
            {{ date_literal(var('data_through')) }}
            >= {{ date_add_days('period_end', var('final_grace_days') ~ ' - 1') }}, false
        ) as is_final
    from labelled
)

select * from final
