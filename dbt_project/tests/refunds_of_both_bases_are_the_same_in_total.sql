with

staged as (
    select
        coalesce(sum(refund_amount) filter (where has_customer), 0) as refunds,
        coalesce(sum(refund_amount) filter (where not has_customer), 0) as refunds_guest
    from {{ ref('stg_orders') }}
    where is_valid
),

expected as (
    {{ text_rows(activity_bases(), 'basis') }}
),

grains as (
    {{ text_rows(var('grains'), 'grain') }}
),

facts as (
    select
        basis,
        grain,
        sum(refunds_by_order_date) as by_order_date,
        sum(refunds_by_refund_date) as by_refund_date,
        sum(refunds_by_order_date_guest) as by_order_date_guest,
        sum(refunds_by_refund_date_guest) as by_refund_date_guest
    from {{ ref('fct_period') }}
    where segment_set = 'all'
    group by basis, grain
)

select
    expected.basis,
    grains.grain,
    staged.*
from expected
cross join grains
cross join staged
left join facts
    on
        expected.basis = facts.basis
        and grains.grain = facts.grain
where
    coalesce(facts.by_order_date, 0) <> staged.refunds
    or coalesce(facts.by_refund_date, 0) <> staged.refunds
    or coalesce(facts.by_order_date_guest, 0) <> staged.refunds_guest
    or coalesce(facts.by_refund_date_guest, 0) <> staged.refunds_guest
