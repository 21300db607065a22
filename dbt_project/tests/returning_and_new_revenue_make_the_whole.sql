-- new revenue is at constant exchange rates and the rest as reported: without rates, which are the same, they add up
with

sources as (
    {{ text_rows(var('sources'), 'source_name') }}
),

rates as (
    select count(*) as rate_sources
    from sources
    where source_name = 'fx_rates'
)

select facts.*
from {{ ref('fct_period') }} as facts
cross join rates
where
    facts.basis = 'calendar'
    and (
        facts.customers_ordering <> facts.customers_returning + facts.customers_new
        or facts.revenue_gross_returning > facts.revenue_gross
        or (rates.rate_sources = 0 and facts.revenue_gross <> facts.revenue_gross_returning + facts.revenue_new)
        or (rates.rate_sources = 0 and facts.revenue_fx <> 0)
    )
