with

every_ticket as (
    select * from {{ ref('stg_tickets') }}
),

tickets as (
    select * from every_ticket
    where customer_id is not null
),

spells as (
    select * from {{ ref('int_customer_spells') }}
),

windows as (
    select * from {{ ref('int_claim_windows') }}
),

-- without tickets there is nobody to compare with
watched as (
    select
        spells.customer_id,
        windows.window_start,
        windows.window_end,
        spells.spell_end < windows.window_end as is_spell_over
    from spells
    inner join windows
        on
            spells.spell_start < windows.window_start
            and spells.spell_end >= windows.window_start
    where exists (select 1 from tickets)
),

returned as (
    select
        watched.customer_id,
        watched.window_start
    from watched
    inner join spells
        on
            watched.customer_id = spells.customer_id
            and watched.window_start <= spells.spell_start
            and watched.window_end > spells.spell_start
            and watched.window_end <= spells.spell_end
    where watched.is_spell_over
),

asked as (
    select
        tickets.customer_id,
        windows.window_start,
        count(*) as tickets_count,
        avg(tickets.response_hours) as response_hours
    from tickets
    inner join windows
        on
            tickets.opened_date < windows.window_start
            and tickets.opened_date >= {{ date_add_days('windows.window_start', '-' ~ var('activity_window_days')) }}
    group by tickets.customer_id, windows.window_start
),

typical as (
    select percentile_cont(0.5) within group (order by response_hours) as response_hours
    from every_ticket
    where response_hours is not null
),

final as (
    select
        watched.customer_id,
        watched.window_start,
        cast(coalesce(asked.tickets_count, 0) as bigint) as tickets_count,
        asked.response_hours > typical.response_hours as is_slow,
        watched.is_spell_over and returned.customer_id is null as is_lost
    from watched
    cross join typical
    left join asked
        on
            watched.customer_id = asked.customer_id
            and watched.window_start = asked.window_start
    left join returned
        on
            watched.customer_id = returned.customer_id
            and watched.window_start = returned.window_start
)

select * from final
