select
    'order' as entity,
    order_id as entity_id
from {{ ref('stg_orders') }}
where
    known_date > {{ as_of() }}
    or (is_valid and order_date > {{ as_of() }})
union all
select
    'answer' as entity,
    feedback_id as entity_id
from {{ ref('stg_feedback') }}
where
    known_date > {{ as_of() }}
    or (is_counted and submitted_date > {{ as_of() }})
