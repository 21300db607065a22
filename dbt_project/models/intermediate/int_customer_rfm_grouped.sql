with

scores as (
    select * from {{ ref('int_customer_rfm_scored') }}
),

-- tens: recency; ones: the mean of frequency and money, a half rounded up
placed as (
    select
        customer_id,
        boundary_date,
        recency_score * 10 + cast(floor((frequency_score + monetary_score + 1) / 2.0) as integer) as cell
    from scores
),

named as (
    select
        customer_id,
        boundary_date,
        case
            when cell in (45, 54, 55) then 'champions'
            when cell in (34, 35, 44) then 'loyal'
            when cell in (42, 43, 52, 53) then 'potential_loyalists'
            when cell = 51 then 'new_customers'
            when cell = 41 then 'prospects'
            when cell = 33 then 'need_attention'
            when cell in (31, 32) then 'about_to_sleep'
            when cell in (23, 24) then 'at_risk'
            when cell in (14, 15, 25) then 'cannot_lose'
            when cell in (13, 21, 22) then 'hibernating'
            else 'lost'
        end as rfm_group
    from placed
),

final as (
    select
        customer_id,
        boundary_date,
        cast(rfm_group as string) as rfm_group,
        cast(
            coalesce(lag(rfm_group) over (partition by customer_id order by boundary_date asc), '(no orders)') as string
        ) as previous_group
    from named
)

select * from final
