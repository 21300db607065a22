with

-- an answer or an invitation; one that may only be sent after as_of is neither yet
answers as (
    select feedback_id
    from ({{ known_rows('feedback') }}) as known
    group by feedback_id
    having coalesce(max({{ business_date('sent_at') }}), {{ as_of() }}) <= {{ as_of() }}
),

staged_answers as (
    select feedback_id from {{ ref('stg_feedback') }}
    union
    select feedback_id from {{ ref('stg_invitations') }}
),

delivered as (
    select
        'answer' as entity,
        count(*) as delivered_count
    from answers
    union all
    select
        'order' as entity,
        count(distinct order_id) as delivered_count
    from ({{ known_rows('orders') }}) as known
    union all
    select
        'customer' as entity,
        count(distinct customer_id) as delivered_count
    from ({{ known_rows('customers') }}) as known
    union all
    select
        'subscription' as entity,
        count(distinct subscription_id) as delivered_count
    from ({{ known_rows('subscriptions') }}) as known
    union all
    select
        'ticket' as entity,
        count(distinct ticket_id) as delivered_count
    from ({{ known_rows('tickets') }}) as known
    where {{ business_date('opened_at') }} <= {{ as_of() }}
),

staged as (
    select
        'answer' as entity,
        count(*) as staged_count
    from answers
    inner join staged_answers on answers.feedback_id = staged_answers.feedback_id
    union all
    select
        'order' as entity,
        count(*) as staged_count
    from {{ ref('stg_orders') }}
    where is_valid = (exclusion_reason is null)
    union all
    select
        'customer' as entity,
        count(*) as staged_count
    from {{ ref('stg_customers') }}
    union all
    select
        'subscription' as entity,
        count(*) as staged_count
    from {{ ref('stg_subscriptions') }}
    where is_valid = (exclusion_reason is null)
    union all
    select
        'ticket' as entity,
        count(*) as staged_count
    from {{ ref('stg_tickets') }}
)

select
    delivered.entity,
    delivered.delivered_count,
    staged.staged_count
from delivered
inner join staged on delivered.entity = staged.entity
where delivered.delivered_count <> staged.staged_count
