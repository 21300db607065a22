with

answers as (
    select * from {{ ref('int_nps_answers_followed') }}
),

order_spells as (
    select * from {{ ref('int_customer_spells') }}
),

subscription_spells as (
    select * from {{ ref('int_subscription_spells') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

spells as (
    select
        'purchase_window' as basis,
        customer_id,
        spell_start,
        spell_end
    from order_spells
    union all
    select
        'subscription' as basis,
        customer_id,
        spell_start,
        spell_end
    from subscription_spells
),

bases as (
    select
        'purchase_window' as basis,
        {{ date_literal(var('data_through')) }} as data_through
    union all
    select
        'subscription' as basis,
        {{ date_literal(var('data_through_by_source')['subscriptions'] | default(none)) }} as data_through
    where {{ 'true' if 'subscriptions' in var('sources') else 'false' }}
),

groups as (
    {{ text_rows(['promoter', 'passive', 'detractor'], 'nps_group') }}
),

-- spells of a customer do not overlap, so each boundary lies in one at most
active_when_asked as (
    select
        answers.*,
        spells.basis
    from answers
    inner join spells
        on
            answers.customer_id = spells.customer_id
            and answers.asked_boundary > spells.spell_start
            and answers.asked_boundary <= spells.spell_end
),

counted as (
    select
        asked.basis,
        asked.grain,
        asked.period_start,
        asked.nps_group,
        count(*) as customers_active_at_answer,
        count(spells.customer_id) as customers_retained
    from active_when_asked as asked
    left join spells
        on
            asked.basis = spells.basis
            and asked.customer_id = spells.customer_id
            and asked.followed_boundary > spells.spell_start
            and asked.followed_boundary <= spells.spell_end
    group by asked.basis, asked.grain, asked.period_start, asked.nps_group
),

final as (
    select
        bases.basis,
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        cast('nps_group' as string) as segment_set,
        groups.nps_group as segment_key,
        cast(coalesce(counted.customers_active_at_answer, 0) as bigint) as customers_active_at_answer,
        cast(coalesce(counted.customers_retained, 0) as bigint) as customers_retained,
        coalesce(
            bases.data_through >= {{ date_add_days('periods.period_end', var('activity_window_days') ~ ' - 1') }}, false
        ) as is_mature
    from periods
    cross join bases
    cross join groups
    left join counted
        on
            bases.basis = counted.basis
            and periods.grain = counted.grain
            and periods.period_start = counted.period_start
            and groups.nps_group = counted.nps_group
    where exists (select 1 from answers)
)

select * from final
