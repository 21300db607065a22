with

periods as (
    select * from {{ ref('dim_period') }}
),

accumulated as (
    select * from {{ ref('int_segment_customers_accumulated') }}
),

bases as (
    {{ text_rows(activity_bases(), 'basis') }}
),

-- every key has a row for every first day of a period
final as (
    select
        bases.basis,
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        accumulated.segment_set,
        accumulated.segment_key,
        case
            when bases.basis = 'subscription' then accumulated.subscribers_before
            else accumulated.customers_before
        end as began_before,
        accumulated.customers_before,
        accumulated.customers_repeat_before
    from periods
    inner join accumulated on periods.period_start = accumulated.calendar_date
    cross join bases
)

select * from final
