with

staged as (
    select
        'order' as entity,
        order_id as entity_id,
        known_date,
        case when is_valid then greatest(order_date, coalesce(refund_date, order_date)) end as counted_date
    from {{ ref('stg_orders') }}
    union all
    select
        'answer' as entity,
        feedback_id as entity_id,
        known_date,
        case when is_counted then submitted_date end as counted_date
    from {{ ref('stg_feedback') }}
    union all
    select
        'invitation' as entity,
        feedback_id as entity_id,
        known_date,
        greatest(sent_date, coalesce(answered_date, sent_date)) as counted_date
    from {{ ref('stg_invitations') }}
    union all
    select
        'subscription' as entity,
        subscription_id as entity_id,
        known_date,
        case when is_valid then started_date end as counted_date
    from {{ ref('stg_subscriptions') }}
    union all
    select
        'ticket' as entity,
        ticket_id as entity_id,
        known_date,
        opened_date as counted_date
    from {{ ref('stg_tickets') }}
    union all
    select
        'reason' as entity,
        customer_id as entity_id,
        known_date,
        given_date as counted_date
    from {{ ref('stg_churn_reasons') }}
    union all
    select
        'spend' as entity,
        channel as entity_id,
        known_date,
        spend_date as counted_date
    from {{ ref('stg_spend') }}
    union all
    select
        'rate' as entity,
        currency as entity_id,
        known_date,
        cast(null as date) as counted_date
    from {{ ref('stg_fx_rates') }}
    union all
    select
        'benchmark' as entity,
        metric as entity_id,
        known_date,
        quoted_date as counted_date
    from {{ ref('stg_benchmarks') }}
    union all
    select
        'control total' as entity,
        measure as entity_id,
        known_date,
        null as counted_date
    from {{ ref('stg_control_totals') }}
)

select *
from staged
where
    known_date > {{ as_of() }}
    or counted_date > {{ as_of() }}
