with

periods as (
    select * from {{ ref('dim_period') }}
),

tickets as (
    select
        periods.grain,
        periods.period_start,
        count(*) as tickets_count,
        count(staged.response_hours) as responses_count
    from {{ ref('stg_tickets') }} as staged
    inner join periods
        on
            staged.opened_date >= periods.period_start
            and staged.opened_date < periods.period_end
    group by periods.grain, periods.period_start
),

facts as (
    select * from {{ ref('fct_ticket_period') }}
    where segment_set = 'all'
)

select
    coalesce(facts.grain, tickets.grain) as grain,
    coalesce(facts.period_start, tickets.period_start) as period_start,
    facts.tickets_count,
    tickets.tickets_count as staged_tickets_count
from facts
full outer join tickets
    on
        facts.grain = tickets.grain
        and facts.period_start = tickets.period_start
where
    facts.tickets_count is distinct from coalesce(tickets.tickets_count, 0)
    or facts.responses_count is distinct from coalesce(tickets.responses_count, 0)
