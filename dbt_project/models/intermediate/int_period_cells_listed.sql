with

periods as (
    select * from {{ ref('dim_period') }}
),

keys as (
    select * from {{ ref('int_segments_observed') }}
),

bases as (
    {{ text_rows(['purchase_window', 'calendar'], 'basis') }}
),

final as (
    select
        bases.basis,
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        keys.segment_set,
        keys.segment_key
    from periods
    cross join keys
    cross join bases
)

select * from final
