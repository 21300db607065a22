{# Money in the currency of the shop. #}

{# The rate of a currency: 1 for the shop's own, else what was found for it, or null. #}
{% macro shop_rate(currency, found_rate) -%}
    cast(case when {{ currency }} = {{ text_literal(var('currency')) }} then 1 else {{ found_rate }} end as decimal(18, 8))
{%- endmacro %}

{# An amount at a rate, rounded to the four decimals that money has here; without a rate it stays as it is.
   One of the two is wider than 18 digits, or DuckDB would multiply in 18 and stop at a product of a million; such a
   product takes ten times as long as anything else about an order, so nothing is multiplied by 1. #}
{% macro converted(amount, rate) -%}
    case
        when coalesce({{ rate }}, 1) = 1 then cast({{ amount }} as decimal(18, 4))
        else cast(cast({{ amount }} as decimal(19, 4)) * {{ rate }} as decimal(18, 4))
    end
{%- endmacro %}

{# The rate of each currency on each day that a relation has money of: found once a day, not once for every row. #}
{% macro rates_of_days(relation, day) -%}
    select
        days.currency,
        days.money_date,
        quoted.rate,
        quoted.reference_rate
    from (
        select distinct
            currency,
            {{ day }} as money_date
        from {{ relation }}
    ) as days
    inner join {{ ref('stg_fx_rates') }} as quoted
        on
            days.currency = quoted.currency
            and days.money_date >= quoted.rate_date
            and days.money_date < quoted.valid_to
{%- endmacro %}

{# A sum; 0 where nothing was to be added, null where an amount that belongs to it is not known. #}
{% macro known_sum(total, unknown_count, condition='true') -%}
    cast(case when {{ condition }} and coalesce({{ unknown_count }}, 0) = 0 then coalesce({{ total }}, 0) end as decimal(38, 4))
{%- endmacro %}
