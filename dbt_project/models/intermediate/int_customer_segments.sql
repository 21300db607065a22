with

customers as (
    select * from {{ ref('int_customers_known') }}
),

attributes as (
    select * from {{ ref('stg_customer_attributes') }}
),

derived as (
    select * from {{ ref('int_customer_segments_derived') }}
),

segment_sets as (
    {{ text_rows(var('segments'), 'segment_set') }}
),

expected as (
    select
        customers.customer_id,
        segment_sets.segment_set
    from customers
    cross join segment_sets
),

configured as (
    select
        expected.customer_id,
        expected.segment_set,
        coalesce(attributes.segment_key, '(unknown)') as segment_key,
        coalesce(attributes.valid_from, cast('0001-01-01' as date)) as valid_from,
        coalesce(attributes.valid_to, cast('9999-12-31' as date)) as valid_to
    from expected
    left join attributes
        on
            expected.customer_id = attributes.customer_id
            and expected.segment_set = attributes.segment_set
),

final as (
    select
        customer_id,
        segment_set,
        segment_key,
        valid_from,
        valid_to,
        false as is_derived
    from configured
    union all
    select
        customer_id,
        segment_set,
        segment_key,
        valid_from,
        valid_to,
        true as is_derived
    from derived
    union all
    select
        customer_id,
        'all' as segment_set,
        'all' as segment_key,
        cast('0001-01-01' as date) as valid_from,
        cast('9999-12-31' as date) as valid_to,
        false as is_derived
    from customers
)

select * from final
