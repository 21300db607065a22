select
    order_id,
    currency
from {{ ref('stg_orders') }}
where
    is_valid
    and currency <> {{ text_literal(var('currency')) }}
