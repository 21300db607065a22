with

spells as (
    select * from {{ ref('int_subscription_spells') }}
),

valued as (
    select * from {{ ref('int_subscription_periods_valued') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

-- spells of a customer do not overlap, so only the first one that reaches into a period can have begun before it
touched as (
    select
        spells.customer_id,
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        min(spells.spell_number) as first_spell_number,
        min(spells.spell_start) < periods.period_start as is_active_start,
        max(spells.spell_end) >= periods.boundary_end as is_active_end
    from spells
    inner join periods
        on
            spells.spell_start < periods.boundary_end
            and spells.spell_end >= periods.period_start
    group by
        spells.customer_id,
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        periods.boundary_end
),

final as (
    select
        touched.customer_id,
        touched.calendar,
        touched.grain,
        touched.period_start,
        touched.period_end,
        touched.is_active_start,
        touched.is_active_end,
        touched.first_spell_number = 1 and not touched.is_active_start as is_new,
        cast(0 as bigint) as orders_count,
        valued.amount_end as revenue_gross,
        cast(0 as decimal(18, 4)) as revenue_net,
        valued.constant_amount_end as revenue_gross_constant,
        valued.amount_start as previous_revenue_gross,
        valued.constant_amount_start as previous_revenue_gross_constant,
        cast(
            touched.first_spell_number - case when touched.is_active_start then 0 else 1 end as bigint
        ) as orders_before
    from touched
    inner join valued
        on
            touched.customer_id = valued.customer_id
            and touched.grain = valued.grain
            and touched.period_start = valued.period_start
)

select * from final
