with

tickets as (
    select * from {{ ref('int_claim_tickets_judged') }}
),

reorders as (
    select * from {{ ref('int_claim_reorders_judged') }}
),

order_values as (
    select
        *,
        true as is_treated
    from {{ ref('int_claim_order_values_compared') }}
),

tenures as (
    select
        *,
        true as is_treated
    from {{ ref('int_claim_tenures_compared') }}
),

tiers as (
    select
        *,
        true as is_treated
    from {{ ref('int_claim_tiers_compared') }}
),

answers as (
    select * from {{ ref('int_claim_answers_judged') }}
),

loyalties as (
    select
        *,
        true as is_treated
    from {{ ref('int_claim_loyalties_judged') }}
),

final as (
    {{ evidence_sums('frequent_tickets', 'tickets', 'tickets_count >= 2', 'cast(is_lost as integer)') }}
    union all
    {{ evidence_sums('slow_answers', 'tickets', 'is_slow', 'cast(is_lost as integer)') }}
    union all
    {{ evidence_sums('reactivated', 'reorders', 'is_reactivation', 'cast(has_reordered as integer)') }}
    union all
    {{ evidence_sums('discount_acquired', 'reorders', 'is_discounted', 'cast(has_reordered as integer)') }}
    union all
    {{ evidence_sums('order_value_steps', 'order_values', 'is_treated', 'mean_step') }}
    union all
    {{ evidence_sums('tenure_and_revenue', 'tenures', 'is_treated', 'revenue_net', x='tenure_days') }}
    union all
    {{ evidence_sums('tier_rises', 'tiers', 'is_treated', 'orders_after - orders_before') }}
    union all
    {{ evidence_sums('kept_promise', 'answers', 'is_sla_met', 'cast(is_satisfied as integer)') }}
    union all
    {{ evidence_sums('retained_not_promoting', 'loyalties', 'is_treated', '1 - cast(is_promoter as integer)') }}
)

select
    evidence,
    is_treated,
    observations_count,
    x_sum,
    y_sum,
    x_sq,
    x_y,
    y_sq
from final
