with

ordered_periods as (
    select * from {{ ref('int_customer_periods_ordered') }}
),

segments as (
    select * from {{ ref('int_customer_segments') }}
),

cohort_grains as (
    {{ text_rows(var('cohort_grains'), 'grain') }}
),

final as (
    select
        ordered_periods.customer_id,
        ordered_periods.grain,
        segments.segment_set,
        segments.segment_key,
        ordered_periods.period_start as cohort_start,
        ordered_periods.period_number as cohort_number
    from ordered_periods
    inner join cohort_grains on ordered_periods.grain = cohort_grains.grain
    inner join segments
        on
            ordered_periods.customer_id = segments.customer_id
            and ordered_periods.period_start >= segments.valid_from
            and ordered_periods.period_start < segments.valid_to
    where
        ordered_periods.orders_before = 0
        and not segments.is_derived
)

select * from final
