"""Which changed records can be behind which changed cells.

A change reaches a cell when the cell's metric is made from its source, when one of its days of effect meets the cell's
period, and when its customer belongs to the cell's segment and cohort. What a record says only as time passes (that a
promise ran out) reaches metrics that look beyond their period. Growth of a source reaches the periods from its day on:
none that this source finishes, those of another one where it had fallen behind.
Both sides are brought to few rows before they are joined: cells to scopes (what decides the match, without the single
metric), changes to footprints. Where no change matches so closely, every change of the right source that began before
the period's end is taken.
Belongs here: the match. Not here: which records changed (``changes``), what a cell's cause is then called (``causes``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_pipeline.core.causes import Cause

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

IDS_LISTED = 20
"""Deliveries named in one row of the ledger, at most."""

_STEPS = (
    # what decides which changes can move a metric, shared by many metrics
    """
create or replace temp table ledger_profiles as
with
moved as (
    select metric, variant, basis, list_sort(list(source)) as sources, bool_or(looks_ahead) as looks_ahead,
        bool_or(looks_back) as looks_back
    from new_metric_sources
    group by all
),
used as (
    select distinct metric, variant, basis, coalesce(new_unit, old_unit) in ('money', 'fraction', 'ratio', 'periods')
        as has_money
    from ledger_cells
)
select
    used.metric, used.variant, used.basis, moved.looks_ahead, moved.looks_back, moved.sources,
    dense_rank() over (order by moved.sources, moved.looks_ahead, moved.looks_back, used.has_money) as profile,
    used.has_money
from used
left join moved using (metric, variant, basis)
""",
    """
create or replace temp table ledger_memberships as
select customer_id, segment_set, segment_key from old_segments
union
select customer_id, segment_set, segment_key from marts.dim_customer_segment
""",
    """
create or replace temp table ledger_firsts as
select customer_id, first_order_date from old_customers
union
select customer_id, first_order_date from marts.dim_customer
""",
    # a segment that no customer attribute gives (order numbers, RFM groups) is matched like the total
    """
create or replace temp table ledger_scopes as
with
own_sets as (
    select distinct segment_set from ledger_memberships
),
described as (
    select
        cells.cell_id, profiles.profile, cells.period_start, cells.period_end, cells.cohort_start, cells.grain,
        case when own_sets.segment_set is null then 'all' else cells.segment_set end as match_set,
        case
            when own_sets.segment_set is null then 'all'
            when 'suppressed' in (cells.old_status, cells.new_status) then '*'
            else cells.segment_key
        end as match_key,
        cells.segment_set in ('nps_group', 'rfm') as is_remembered,
        cells.segment_set = 'rfm' as is_by_money,
        case
            when cells.segment_set = 'nps_group' then ['feedback']
            when own_sets.segment_set is not null then ['customers']
            when cells.segment_set <> 'all' then ['fx_rates', 'orders']
            else []
        end as segment_sources
    from ledger_cells as cells
    left join ledger_profiles as profiles using (metric, variant, basis)
    left join own_sets using (segment_set)
)
select *, dense_rank() over (
    order by profile, period_start, period_end, cohort_start, grain, match_set, match_key, is_remembered, is_by_money,
        segment_sources
) as scope_id
from described
""",
    """
create or replace temp table ledger_deliveries_numbered as
select delivery_id, row_number() over (order by delivery_id) as delivery_number
from (select distinct delivery_id from ledger_changes)
""",
    # who a change is about, and when; moving a first order has its effect on the days of both
    """
create or replace temp table ledger_steps as
with
numbered as (
    select row_number() over () as change_id, changes.*, numbers.delivery_number
    from ledger_changes as changes
    left join ledger_deliveries_numbered as numbers using (delivery_id)
),
people as (
    select change_id, unnest(customers) as customer_id from numbered
),
first_days as (
    select people.change_id, people.customer_id, list_distinct(list(firsts.first_order_date)) as days
    from people
    inner join ledger_firsts as firsts using (customer_id)
    group by all
)
select
    numbered.change_id, numbered.source, unnest(numbered.causes) as cause, numbered.delivery_number,
    first_days.customer_id, first_days.days as first_days,
    case
        when numbered.source = 'orders' and len(first_days.days) > 1
            then list_concat(numbered.spans, list_transform(
                first_days.days, lambda first: {'starts': first, 'ends': first + $window}
            ))
        else numbered.spans
    end as spans,
    coalesce(people.customer_id, '*') as person, numbered.is_growth
from numbered
left join people using (change_id)
left join first_days on numbered.change_id = first_days.change_id and people.customer_id = first_days.customer_id
""",
    # who belongs to no segment (a guest, spending, a rate) can be behind any
    """
create or replace temp table ledger_footprints as
with
places as (
    select distinct match_set, match_key from ledger_scopes
),
placed as (
    select steps.*, 'all' as match_set, 'all' as match_key from ledger_steps as steps
    union all
    select steps.*, memberships.segment_set, unnest([memberships.segment_key, '*'])
    from ledger_steps as steps
    inner join ledger_memberships as memberships on steps.person = memberships.customer_id
    union all
    select steps.*, places.match_set, places.match_key
    from ledger_steps as steps
    cross join places
    where places.match_set <> 'all'
        and steps.person not in (select customer_id from ledger_memberships)
)
select distinct source, cause, delivery_number, is_growth, match_set, match_key, first_days,
    unnest(spans, recursive := true)
from placed
""",
    """
create or replace temp table ledger_matches as
with
scopes as (
    select distinct
        scopes.* exclude (cell_id), profiles.looks_ahead,
        profiles.has_money or scopes.is_by_money as has_money,
        profiles.looks_back or scopes.is_remembered as looks_back,
        unnest(list_concat(profiles.sources, scopes.segment_sources)) as source
    from ledger_scopes as scopes
    inner join (select distinct profile, sources, looks_ahead, looks_back, has_money from ledger_profiles) as profiles
        using (profile)
),
feet as (
    select distinct source, cause, delivery_number, is_growth, match_set, match_key, starts, ends
    from ledger_footprints
),
cohorts as (
    select distinct scopes.grain, scopes.cohort_start, periods.period_end as cohort_end
    from scopes
    inner join marts.dim_period as periods
        on scopes.grain = periods.grain and scopes.cohort_start = periods.period_start
),
cohort_feet as (
    select distinct feet.source, feet.cause, feet.delivery_number, feet.is_growth, feet.match_set, feet.match_key,
        feet.starts, feet.ends, cohorts.grain, cohorts.cohort_start
    from (select *, unnest(first_days) as first_day from ledger_footprints) as feet
    inner join cohorts on feet.first_day >= cohorts.cohort_start and feet.first_day < cohorts.cohort_end
    union
    select feet.source, feet.cause, feet.delivery_number, feet.is_growth, feet.match_set, feet.match_key,
        feet.starts, feet.ends, cohorts.grain, cohorts.cohort_start
    from ledger_footprints as feet
    cross join cohorts
    where feet.first_days is null
)
select scopes.scope_id, feet.cause, feet.delivery_number
from scopes
inner join feet using (source, match_set, match_key)
where scopes.cohort_start is null and {meets}
union
select scopes.scope_id, feet.cause, feet.delivery_number
from scopes
inner join cohort_feet as feet using (source, match_set, match_key, grain, cohort_start)
where {meets}
""",
    """
create or replace temp table ledger_loose_matches as
with
scopes as (
    select distinct
        scopes.scope_id, scopes.period_end, profiles.looks_ahead,
        profiles.has_money or scopes.is_by_money as has_money,
        unnest(list_concat(profiles.sources, scopes.segment_sources)) as source
    from ledger_scopes as scopes
    inner join (select distinct profile, sources, looks_ahead, has_money from ledger_profiles) as profiles
        using (profile)
    anti join ledger_matches using (scope_id)
)
select distinct scopes.scope_id, feet.cause, feet.delivery_number
from scopes
inner join ledger_footprints as feet using (source)
where feet.match_set = 'all' and {began}
""",
)
_BEGAN = (
    "(feet.starts < scopes.period_end or (scopes.looks_ahead and not feet.is_growth))"
    " and (scopes.has_money or feet.cause <> '{refund}') and (scopes.looks_ahead or feet.cause <> '{maturing}')"
)
_MEETS = (
    f"{_BEGAN} and (scopes.looks_back or scopes.period_start - feet.ends <= scopes.period_end - scopes.period_start)"
)


def match_changes(connection: DuckDBPyConnection, *, window_days: int) -> None:
    """Fill ``ledger_matches`` and, for what they leave, ``ledger_loose_matches``: scope, cause and delivery.

    Args:
        connection: With ``ledger_cells``, ``ledger_changes`` and the views of ``inputs.attach``.
        window_days: How many days an order keeps its customer active.
    """
    began = _BEGAN.format(refund=Cause.REFUND.value, maturing=Cause.MATURING.value)
    meets = _MEETS.format(refund=Cause.REFUND.value, maturing=Cause.MATURING.value)
    for step in _STEPS:
        statement = step.replace("{meets}", meets).replace("{began}", began).replace("$window", str(window_days + 1))
        connection.execute(statement)
