with

known as (
    {{ known_rows('tickets') }}
),

ranked as (
    select
        known.*,
        row_number() over (
            partition by known.ticket_id
            order by known.updated_at desc nulls last, known.known_date desc, known.ranked_as desc, known.line desc
        ) as version_rank
    from known
),

-- an answer from after as_of has not been given yet
dated as (
    select
        ranked.ticket_id,
        ranked.customer_id,
        ranked.opened_at,
        {{ business_date('ranked.opened_at') }} as opened_date,
        ranked.kind,
        case
            when {{ business_date('ranked.first_response_at') }} <= {{ as_of() }} then ranked.first_response_at
        end as responded_at,
        coalesce(ranked.due_at, {{ promised_by('ranked.opened_at') }}) as due_at,
        ranked.known_date,
        ranked.delivery_id
    from ranked
    where ranked.version_rank = 1
),

final as (
    select
        ticket_id,
        customer_id,
        opened_at,
        opened_date,
        kind,
        cast({{ hours_between('opened_at', 'responded_at') }} as decimal(18, 4)) as response_hours,
        due_at,
        case
            when responded_at is not null then responded_at <= due_at
            -- an answer of a day that has not been delivered yet may have kept it
            when
                {{ business_date('due_at') }}
                <= {{ date_literal(var('data_through_by_source')['tickets'] | default(none)) }}
                then false
        end as is_sla_met,
        known_date,
        delivery_id
    from dated
    where opened_date <= {{ as_of() }}
)

select * from final
