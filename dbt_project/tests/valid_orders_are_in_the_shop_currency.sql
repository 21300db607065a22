with

counted as (
    select
        'order' as entity,
        order_id as entity_id,
        currency,
        order_date as money_date,
        fx_rate
    from {{ ref('stg_orders') }}
    where is_valid
    union all
    select
        'subscription' as entity,
        subscription_id as entity_id,
        currency,
        started_date as money_date,
        fx_rate
    from {{ ref('stg_subscriptions') }}
    where is_valid
),

days as (
    select distinct
        currency,
        money_date
    from counted
),

last_quotes as (
    select
        days.currency,
        days.money_date,
        max(rates.rate_date) as rate_date
    from days
    inner join {{ ref('stg_fx_rates') }} as rates
        on
            days.currency = rates.currency
            and days.money_date >= rates.rate_date
    group by days.currency, days.money_date
),

quoted as (
    select
        last_quotes.currency,
        last_quotes.money_date,
        rates.rate
    from last_quotes
    inner join {{ ref('stg_fx_rates') }} as rates
        on
            last_quotes.currency = rates.currency
            and last_quotes.rate_date = rates.rate_date
    where last_quotes.money_date <= {{ date_add_days('last_quotes.rate_date', var('max_rate_age_days')) }}
)

select
    counted.*,
    quoted.rate
from counted
left join quoted
    on
        counted.currency = quoted.currency
        and counted.money_date = quoted.money_date
where
    counted.fx_rate is null
    or counted.fx_rate is distinct from case
        when counted.currency = {{ text_literal(var('currency')) }} then 1
        else quoted.rate
    end
