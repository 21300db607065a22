with

days as (
    select * from {{ ref('int_days_elapsed') }}
),

numbered as (
    select
        calendar_date,
        row_number() over (order by calendar_date desc) as days_left
    from days
),

-- windows follow each other back from as_of, so no two of them share a day
final as (
    select
        calendar_date as window_start,
        {{ date_add_days('calendar_date', var('activity_window_days')) }} as window_end
    from numbered
    where mod(days_left, {{ var('activity_window_days') }}) = 0
)

select * from final
