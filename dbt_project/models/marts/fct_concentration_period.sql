with

cuts as (
    select * from {{ ref('int_value_cuts') }}
),

parts as (
    select * from {{ ref('int_value_parts_summed') }}
),

measures as (
    select * from {{ ref('int_period_value_measures') }}
),

periods as (
    select * from {{ ref('dim_period') }}
),

keys as (
    select * from {{ ref('int_segments_observed') }}
),

-- the tie at the cut counts in part: each of its customers with the share of the places that are left for them
weighted as (
    select
        parts.*,
        cuts.customers_count,
        cuts.top_count,
        cast(cuts.top_count - parts.customers_above as double) / nullif(parts.customers_tied, 0) as weight
    from parts
    left join cuts using (grain, period_start, segment_set, segment_key)
),

-- a whole tie is added as it is: a double of it might round up beyond the sum over everybody
at_cut as (
    select
        *,
        case
            when weight = 1 then value_tied
            else cast(weight * cast(value_tied as double) as decimal(38, 4))
        end as value_cut,
        case
            when weight = 1 then sq_tied
            else cast(weight * cast(sq_tied as double) as decimal(38, 8))
        end as cross_cut,
        case
            when weight = 1 then sq_tied
            else cast(weight * weight * cast(sq_tied as double) as decimal(38, 8))
        end as sq_cut
    from weighted
),

final as (
    select
        periods.calendar,
        periods.grain,
        periods.period_start,
        periods.period_end,
        keys.segment_set,
        keys.segment_key,
        coalesce(at_cut.customers_count, cast(0 as bigint)) as customers_count,
        coalesce(at_cut.top_count, cast(0 as decimal(38, 4))) as top_count,
        measures.is_margin,
        cast(coalesce(at_cut.value_above + at_cut.value_cut, 0) as decimal(38, 4)) as next_value_top,
        coalesce(at_cut.value_existing, cast(0 as decimal(38, 4))) as next_value_existing,
        coalesce(at_cut.value_total, cast(0 as decimal(38, 4))) as next_value_total,
        coalesce(at_cut.sq_existing, cast(0 as decimal(38, 8))) as existing_sq,
        cast(coalesce(at_cut.sq_above + at_cut.sq_cut, 0) as decimal(38, 8)) as top_sq,
        cast(coalesce(at_cut.sq_above + at_cut.cross_cut, 0) as decimal(38, 8)) as top_x_existing,
        measures.is_next_complete
    from measures
    inner join periods
        on
            measures.grain = periods.grain
            and measures.period_start = periods.period_start
    cross join keys
    left join at_cut
        on
            measures.grain = at_cut.grain
            and measures.period_start = at_cut.period_start
            and keys.segment_set = at_cut.segment_set
            and keys.segment_key = at_cut.segment_key
    where not keys.is_derived
)

select * from final
