-- The main facts of one shop, written by hand for DuckDB: no history, no gates, no other source than the delivered files.
-- $landing, $as_of and $window_days are filled in by floor.py; each statement is one table.

create table stg_orders as
with
    delivered as (
        select
            *,
            strptime(regexp_extract(filename, '(\d{4}-\d\d-\d\d)\.parquet$', 1), '%Y-%m-%d')::date as known_date
        from read_parquet('$landing/orders/*.parquet', filename = true)
    ),
    last_versions as (
        select * from delivered
        where known_date <= '$as_of'
        qualify row_number() over (partition by order_id order by known_date desc) = 1
    )
select
    order_id, customer_id, ordered_at, status,
    ordered_at::date as order_date,
    amount::decimal(18, 4) as revenue_gross,
    (amount - refund_amount)::decimal(18, 4) as revenue_net,
    status not in ('cancelled', 'void', 'test', 'fraud') and amount > 0 and ordered_at::date <= '$as_of' as is_valid
from last_versions;

create table order_days as
with days as (
    select
        customer_id, order_date, count(*) as orders_count, sum(revenue_gross)::decimal(18, 4) as revenue_gross,
        sum(revenue_net)::decimal(18, 4) as revenue_net
    from stg_orders where is_valid group by all
)
select
    *,
    coalesce(sum(orders_count) over (
        partition by customer_id order by order_date rows between unbounded preceding and 1 preceding
    ), 0)::bigint as orders_before
from days;

create table dim_period as
with
    days as (
        select unnest(generate_series(min(order_date), date '$as_of', interval 1 day))::date as day from order_days
    ),
    grains as (select unnest(['week', 'month', 'quarter', 'year']) as grain),
    starts as (select distinct grain, date_trunc(grain, day)::date as period_start from days, grains)
select
    grain, period_start,
    (period_start + case grain
        when 'week' then interval 7 day when 'month' then interval 1 month
        when 'quarter' then interval 3 month else interval 1 year end)::date as period_end,
    row_number() over (partition by grain order by period_start)::integer as period_number,
    least(period_end, date '$as_of' + 1) as boundary_end
from starts;

create table spells as
with
    gaps as (
        select
            customer_id, order_date,
            order_date > lag(order_date) over (partition by customer_id order by order_date) + $window_days as is_new
        from order_days
    ),
    numbered as (
        select
            customer_id, order_date,
            sum(coalesce(is_new, true)::integer) over (partition by customer_id order by order_date) as spell_number
        from gaps
    )
select
    customer_id, spell_number::integer as spell_number, min(order_date) as spell_start,
    max(order_date) + $window_days as spell_end
from numbered group by customer_id, spell_number;

create table ordered_periods as
with
    -- a customer's activity after an order ends with the spell of that order
    placed as (
        select order_days.*, spell_end
        from order_days asof join spells
            on order_days.customer_id = spells.customer_id and order_days.order_date >= spells.spell_start
    ),
    calendar as (
        select day, grain, period_start, period_number
        from (select unnest(generate_series(min(order_date), date '$as_of', interval 1 day))::date as day from order_days)
        join dim_period on day >= period_start and day < period_end
    ),
    periods as (
        select
            customer_id, grain, period_start, period_number, sum(orders_count)::bigint as orders_count,
            sum(revenue_gross)::decimal(18, 4) as revenue_gross, sum(revenue_net)::decimal(18, 4) as revenue_net,
            min(orders_before) as orders_before, max(spell_end) as active_until
        from placed join calendar on order_date = day group by all
    )
select
    *,
    lag(active_until) over o as previous_active_until,
    lag(period_number) over o as previous_period_number,
    lag(revenue_gross) over o as previous_revenue_gross,
    lead(period_number) over o as next_period_number
from periods window o as (partition by customer_id, grain order by period_number);

create table fct_customer_period as
with
    rows as (
        select
            'purchase_window' as basis, grain, p.period_start, customer_id,
            coalesce(previous_active_until >= p.period_start, false) as is_active_start,
            active_until >= boundary_end as is_active_end, orders_before = 0 as is_new,
            orders_count, revenue_gross, revenue_net, 0::decimal(18, 4) as previous_revenue_gross, orders_before
        from ordered_periods join dim_period p using (grain, period_number)
        union all
        select
            'purchase_window', o.grain, p.period_start, customer_id, true, active_until >= boundary_end, false,
            0, 0, 0, 0, orders_before + orders_count
        from ordered_periods o join dim_period p
            on o.grain = p.grain and p.period_number > o.period_number and p.period_start <= o.active_until
            and p.period_number < coalesce(o.next_period_number, 1000000)
        union all
        select
            'calendar', grain, period_start, customer_id,
            coalesce(previous_period_number = period_number - 1, false), true, orders_before = 0,
            orders_count, revenue_gross, revenue_net,
            case when previous_period_number = period_number - 1 then previous_revenue_gross else 0 end, orders_before
        from ordered_periods
        union all
        select
            'calendar', o.grain, p.period_start, customer_id, true, false, false, 0, 0, 0, revenue_gross,
            orders_before + orders_count
        from ordered_periods o join dim_period p on o.grain = p.grain and p.period_number = o.period_number + 1
        where next_period_number is distinct from o.period_number + 1
    )
select
    *,
    is_active_start and is_active_end as is_retained,
    is_active_start and not is_active_end as is_lost,
    is_active_end and not is_active_start and not is_new as is_reactivated,
    is_new and is_active_end as is_new_kept,
    is_new and not is_active_end as is_new_lost
from rows;

create table segments as
with
    customers as (select distinct customer_id from stg_orders where is_valid),
    answers as (
        select
            customer_id, submitted_at::date + 1 as valid_from,
            case when score >= 9 then 'promoter' when score >= 7 then 'passive' else 'detractor' end as segment_key
        from read_parquet('$landing/feedback.parquet')
        where score is not null and submitted_at::date <= '$as_of'
        -- a customer's last answer of a month counts
        qualify row_number() over (
            partition by customer_id, date_trunc('month', submitted_at) order by submitted_at desc, feedback_id desc
        ) = 1
    ),
    starts as (
        select customer_id, 'new_returning' as segment_set, 'new' as segment_key, date '0001-01-01' as valid_from from customers
        union all
        select customer_id, 'new_returning', 'returning', min(order_date) + 1 from order_days group by customer_id
        union all
        select customer_id, 'nps_group', '(no answer)', date '0001-01-01' from customers
        union all
        select customer_id, 'nps_group', segment_key, valid_from from answers
        union all
        select customer_id, 'country', country, date '0001-01-01' from read_parquet('$landing/customers.parquet')
        union all
        select customer_id, 'channel', channel, date '0001-01-01' from read_parquet('$landing/customers.parquet')
        union all
        select customer_id, 'all', 'all', date '0001-01-01' from customers
    )
select
    *,
    lead(valid_from, 1, date '9999-12-31') over (partition by customer_id, segment_set order by valid_from) as valid_to
from starts;

create table fct_period as
select
    basis, grain, period_start, segment_set, segment_key,
    count(*) as customers_active,
    count(*) filter (where is_active_start) as customers_start,
    count(*) filter (where is_active_end) as customers_end,
    count(*) filter (where is_new) as customers_new,
    count(*) filter (where is_new_kept) as customers_new_kept,
    count(*) filter (where is_retained) as customers_retained,
    count(*) filter (where is_lost) as customers_lost,
    count(*) filter (where is_reactivated) as customers_reactivated,
    count(*) filter (where is_new_lost) as customers_new_lost,
    count(*) filter (where orders_count > 0) as customers_ordering,
    count(*) filter (where orders_count > 1) as customers_repeat_in_period,
    count(*) filter (where orders_count > 0 and orders_before > 0) as customers_returning,
    sum(orders_count)::bigint as orders_count,
    sum(revenue_gross)::decimal(38, 4) as revenue_gross,
    sum(revenue_net)::decimal(38, 4) as revenue_net,
    coalesce(sum(revenue_gross) filter (where orders_count > 0 and orders_before > 0), 0)::decimal(38, 4)
        as revenue_gross_returning,
    sum(previous_revenue_gross)::decimal(38, 4) as revenue_previous,
    coalesce(sum(least(revenue_gross, previous_revenue_gross)) filter (where basis = 'calendar'), 0)::decimal(38, 4)
        as revenue_retained_gross,
    coalesce(sum(revenue_gross) filter (where basis = 'calendar' and previous_revenue_gross > 0), 0)::decimal(38, 4)
        as revenue_retained_net
from fct_customer_period join segments using (customer_id)
where period_start >= valid_from and period_start < valid_to
group by all;

create table fct_cohort_period as
with
    members as (
        select customer_id, grain, segment_set, segment_key, period_start as cohort_start, period_number as cohort_number
        from ordered_periods join segments using (customer_id)
        where
            orders_before = 0 and grain <> 'week' and segment_set in ('all', 'country', 'channel')
            and period_start >= valid_from and period_start < valid_to
    ),
    summed as (
        select
            grain, segment_set, segment_key, cohort_start, cohort_number,
            period_number - cohort_number as cohort_age, count(*) as customers_active,
            sum(orders_count)::bigint as orders_count, sum(revenue_gross)::decimal(38, 4) as revenue_gross,
            sum(revenue_net)::decimal(38, 4) as revenue_net
        from members join ordered_periods using (customer_id, grain)
        group by all
    ),
    triangle as (
        select grain, segment_set, segment_key, cohort_start, customers_active as cohort_size, period_number - cohort_number as cohort_age
        from summed join dim_period using (grain)
        where cohort_age = 0 and period_number >= cohort_number
    )
select
    t.*, coalesce(customers_active, 0) as customers_active, coalesce(orders_count, 0) as orders_count,
    coalesce(revenue_gross, 0) as revenue_gross, coalesce(revenue_net, 0) as revenue_net,
    sum(revenue_gross) over (
        partition by t.grain, t.segment_set, t.segment_key, t.cohort_start order by t.cohort_age
    )::decimal(38, 4) as revenue_gross_to_date
from triangle t left join summed using (grain, segment_set, segment_key, cohort_start, cohort_age);
