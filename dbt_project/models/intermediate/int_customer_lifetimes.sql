with

purchase_spells as (
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
        cast('purchase_window' as string) as basis,
        customer_id,
        spell_start,
        spell_end
    from purchase_spells
    union all
    select
        cast('subscription' as string) as basis,
        customer_id,
        spell_start,
        spell_end
    from subscription_spells
),

-- a spell is the customer's last one at every boundary up to the start of the next
followed as (
    select
        basis,
        customer_id,
        spell_start,
        spell_end,
        min(spell_start) over (partition by basis, customer_id) as first_start,
        coalesce(
            lead(spell_start) over (partition by basis, customer_id order by spell_start asc),
            cast('9999-12-31' as date)
        ) as next_start
    from spells
),

final as (
    select
        followed.basis,
        followed.customer_id,
        periods.period_start,
        followed.spell_end >= periods.boundary_end as is_active,
        cast(
            case
                when followed.spell_end >= periods.boundary_end
                    then {{ days_between('followed.first_start', 'periods.boundary_end') }}
                else {{ days_between('followed.first_start', date_add_days('followed.spell_end', 1)) }}
            end as integer
        ) as duration_days
    from followed
    inner join periods
        on
            followed.spell_start < periods.boundary_end
            and followed.next_start >= periods.boundary_end
    where periods.grain = 'year'
)

select * from final
