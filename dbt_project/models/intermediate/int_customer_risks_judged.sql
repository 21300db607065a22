with

states as (
    select * from {{ ref('int_customer_states') }}
),

totals as (
    select * from {{ ref('int_customer_totals') }}
),

rhythms as (
    select * from {{ ref('int_customer_order_rhythms') }}
),

answers as (
    select * from {{ ref('int_customer_answers_last') }}
),

shop as (
    select max(shop_gap_days) as gap_days
    from rhythms
),

measured as (
    select
        states.customer_id,
        states.is_active,
        cast({{ days_between('totals.last_order_date', as_of()) }} as integer) as recency_days,
        rhythms.typical_gap_days,
        rhythms.own_gap_days is not null as is_own_rhythm,
        coalesce(rhythms.own_gap_days, shop.gap_days) as expected_gap_days,
        coalesce(
            answers.nps_group = 'detractor'
            and answers.submitted_date > {{ date_add_days(as_of(), '-' ~ var('activity_window_days')) }},
            false
        ) as is_unhappy
    from states
    cross join shop
    left join totals on states.customer_id = totals.customer_id
    left join rhythms on states.customer_id = rhythms.customer_id
    left join answers on states.customer_id = answers.customer_id
),

-- without any gap in the shop, or any order of the customer, nothing can be overdue
final as (
    select
        customer_id,
        is_active,
        recency_days,
        typical_gap_days,
        expected_gap_days,
        cast(
            case
                when not is_active then 'lapsed'
                when recency_days > expected_gap_days and is_own_rhythm then 'overdue'
                when recency_days > expected_gap_days then 'overdue_for_the_shop'
                when is_unhappy then 'unhappy'
            end as string
        ) as at_risk_reason
    from measured
)

select * from final
