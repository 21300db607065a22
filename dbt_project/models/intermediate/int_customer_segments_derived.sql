with

customers as (
    select * from {{ ref('int_customers_known') }}
),

order_days as (
    select * from {{ ref('int_customer_order_days') }}
),

feedback as (
    select * from {{ ref('stg_feedback') }}
),

rfm as (
    select * from {{ ref('int_customer_rfm_intervals') }}
),

wanted as (
    {{ text_rows(var('derived_segments'), 'segment_set') }}
),

-- a period that starts on the day of the first order still meets a new customer
first_orders as (
    select
        customer_id,
        {{ date_add_days('min(order_date)', 1) }} as returning_from
    from order_days
    group by customer_id
),

-- the last answer of each day, which counts from the next day on
answers as (
    select
        customer_id,
        {{ date_add_days('submitted_date', 1) }} as valid_from,
        case when score >= 9 then 'promoter' when score >= 7 then 'passive' else 'detractor' end as segment_key,
        row_number() over (
            partition by customer_id, submitted_date order by submitted_at desc, feedback_id desc
        ) as day_rank
    from feedback
    where is_counted and measure = 'nps' and customer_id is not null
),

starts as (
    select
        customer_id,
        'new_returning' as segment_set,
        'new' as segment_key,
        cast('0001-01-01' as date) as valid_from
    from customers
    union all
    select
        customer_id,
        'new_returning' as segment_set,
        'returning' as segment_key,
        returning_from as valid_from
    from first_orders
    union all
    select
        customer_id,
        'nps_group' as segment_set,
        '(no answer)' as segment_key,
        cast('0001-01-01' as date) as valid_from
    from customers
    union all
    select
        customer_id,
        'nps_group' as segment_set,
        segment_key,
        valid_from
    from answers
    where day_rank = 1
    union all
    select
        customer_id,
        segment_set,
        segment_key,
        valid_from
    from rfm
),

final as (
    select
        starts.customer_id,
        starts.segment_set,
        starts.segment_key,
        starts.valid_from,
        coalesce(
            lead(starts.valid_from) over (
                partition by starts.customer_id, starts.segment_set order by starts.valid_from asc
            ),
            cast('9999-12-31' as date)
        ) as valid_to
    from starts
    inner join wanted on starts.segment_set = wanted.segment_set
)

select * from final
