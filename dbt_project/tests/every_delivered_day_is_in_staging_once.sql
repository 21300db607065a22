with

reasons as (
    select distinct
        customer_id,
        {{ business_date('given_at') }} as given_date
    from ({{ known_rows('churn_reasons') }}) as known
    where {{ business_date('given_at') }} <= {{ as_of() }}
),

rates as (
    select distinct
        currency,
        {{ business_date('quoted_at') }} as rate_date
    from ({{ known_rows('fx_rates') }}) as known
),

benchmarks as (
    select distinct
        metric,
        variant,
        segment_set,
        segment_key,
        source
    from ({{ known_rows('benchmarks') }}) as known
    where coalesce({{ business_date('quoted_at') }}, {{ as_of() }}) <= {{ as_of() }}
),

control_totals as (
    select distinct
        grain,
        period_start,
        measure
    from ({{ known_rows('control_totals') }}) as known
),

spend as (
    select
        ranked_as,
        {{ business_date('spent_at') }} as spend_date,
        kind,
        coalesce(nullif(trim(channel), ''), '(unknown)') as channel,
        count(*) as records_count
    from ({{ known_rows('spend') }}) as known
    where {{ business_date('spent_at') }} <= {{ as_of() }}
    group by ranked_as, {{ business_date('spent_at') }}, kind, coalesce(nullif(trim(channel), ''), '(unknown)')
),

days as (
    select
        spend_date,
        kind,
        channel
    from spend
    group by spend_date, kind, channel
),

-- the whole of one delivery, never a part of it and never two
spend_kept as (
    select count(*) as days_count
    from {{ ref('stg_spend') }} as staged
    inner join spend
        on
            staged.delivery_id = spend.ranked_as
            and staged.spend_date = spend.spend_date
            and staged.kind = spend.kind
            and staged.channel = spend.channel
            and staged.records_count = spend.records_count
),

compared as (
    select
        'reason' as entity,
        (select count(*) from reasons) as delivered_count,
        (select count(*) from {{ ref('stg_churn_reasons') }}) as staged_count
    union all
    select
        'rate' as entity,
        (select count(*) from rates) as delivered_count,
        (select count(*) from {{ ref('stg_fx_rates') }}) as staged_count
    union all
    select
        'benchmark' as entity,
        (select count(*) from benchmarks) as delivered_count,
        (select count(*) from {{ ref('stg_benchmarks') }}) as staged_count
    union all
    select
        'control total' as entity,
        (select count(*) from control_totals) as delivered_count,
        (select count(*) from {{ ref('stg_control_totals') }}) as staged_count
    union all
    select
        'spend' as entity,
        (select count(*) from days) as delivered_count,
        (select spend_kept.days_count from spend_kept) as staged_count
    union all
    select
        'spend, staged' as entity,
        (select count(*) from days) as delivered_count,
        (select count(*) from {{ ref('stg_spend') }}) as staged_count
)

select *
from compared
where delivered_count <> staged_count
