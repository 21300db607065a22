with

risks as (
    select * from {{ ref('int_customer_risks_judged') }}
),

totals as (
    select * from {{ ref('int_customer_totals') }}
),

answers as (
    select * from {{ ref('int_customer_answers_last') }}
),

groups as (
    select * from {{ ref('int_customer_rfm_grouped') }}
    where boundary_date = {{ date_add_days(as_of(), 1) }}
),

joined as (
    select
        risks.*,
        totals.first_order_date,
        totals.last_order_date,
        totals.margin,
        groups.rfm_group,
        answers.nps_group as last_nps_group,
        answers.submitted_date as last_nps_date,
        coalesce(totals.orders_count, cast(0 as bigint)) as orders_count,
        coalesce(totals.frequency_year, cast(0 as bigint)) as frequency_year,
        coalesce(totals.value_year, cast(0 as decimal(18, 4))) as value_year,
        coalesce(totals.revenue_net, cast(0 as decimal(18, 4))) as revenue_net,
        risks.is_active and risks.at_risk_reason is not null as is_at_risk
    from risks
    left join totals on risks.customer_id = totals.customer_id
    left join answers on risks.customer_id = answers.customer_id
    left join groups on risks.customer_id = groups.customer_id
),

final as (
    select
        customer_id,
        first_order_date,
        last_order_date,
        orders_count,
        recency_days,
        frequency_year,
        value_year,
        revenue_net,
        margin,
        rfm_group,
        case when rfm_group is not null then {{ rfm_version() }} end as rfm_version,
        cast(case when is_active then 'active' else 'lapsed' end as string) as spell_state,
        typical_gap_days,
        expected_gap_days,
        is_at_risk,
        at_risk_reason,
        case when is_at_risk then value_year else cast(0 as decimal(18, 4)) end as value_at_stake,
        last_nps_group,
        last_nps_date,
        {{ as_of() }} as as_of
    from joined
)

select * from final
