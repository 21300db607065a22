"""Which records changed between what two versions knew, and why, read from the delivery store.

The rows of superseded deliveries stay in the store, so the state that an earlier version was made from can be told from
the deliveries it names in ``_deliveries``. Only records that a new, replaced or withdrawn delivery touches, or that
became known since, are looked at. A record of a day that its source had not delivered yet is growth; it is kept where
cells of that day count as finished because the sources that complete them were further than this one.
Belongs here: the difference of two states. Not here: what the parts of a record are (``records``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from retention_pipeline.core.causes import Cause
from retention_pipeline.warehouse.ledger.histories import find_changed_histories
from retention_pipeline.warehouse.ledger.records import Records
from retention_pipeline.warehouse.sql import first_or, joined, literal

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from duckdb import DuckDBPyConnection

_TABLE = """
create or replace temp table ledger_changes (
    source varchar, causes varchar[], customers varchar[], spans struct(starts date, ends date)[], delivery_id varchar,
    is_growth boolean
)
"""

_DELIVERIES = """
create or replace temp table ledger_deliveries as
with
listed as (
    select
        coalesce(old.delivery_id, new.delivery_id) as delivery_id,
        coalesce(old.source, new.source) as source,
        coalesce(old.business_date, new.business_date) as business_date,
        coalesce(old.kind, new.kind) = 'snapshot' and coalesce(old.business_date, new.business_date) is not null
            as is_snapshot,
        old.delivery_id is not null as was_there,
        new.delivery_id is not null as is_there,
        repair.repairs is not null as is_repair,
        coalesce(repair.repairs, delivery_id) as ranked_as
    from old_deliveries as old
    full join new_deliveries as new using (delivery_id)
    left join store.raw.deliveries as repair using (delivery_id)
),
dated as (
    select
        *,
        max(business_date) filter (where is_snapshot and was_there) over (partition by source) as old_snapshot,
        max(business_date) filter (where is_snapshot and is_there) over (partition by source) as new_snapshot
    from listed
)
select
    * exclude (old_snapshot, new_snapshot),
    was_there and (not is_snapshot or business_date = old_snapshot) as was_visible,
    is_there and (not is_snapshot or business_date = new_snapshot) as is_visible
from dated
"""

_STATE = """
{side}_ranked as (
    select known.*, {rank}() over (partition by record_key order by {latest}) as version_rank
    from known
    semi join touched using (record_key)
    where known.{visible} and known.known_date <= {as_of}
),
{side}_read as (
    select
        record_key, {customer} as customer, {behind} as delivery_id, {dated} as dated, {content} as content,
        {status} as status, {refund} as refund, {later} as later, {later_content} as later_content, {clock} as clock,
        cast({standing} as varchar) as standing, {spans} as spans, was_visible <> is_visible as has_moved
    from {side}_ranked
    where version_rank = 1
),
{side}_state as (
    select
        record_key, any_value(customer) as customer, any_value(dated) as dated,
        max_by(delivery_id, (has_moved, delivery_id)) as delivery_id,  -- of a file and its repairs, what is new
        cast(list_sort(list(content)) as varchar) as content, any_value(status) as status,
        any_value(refund) as refund, any_value(later) as later, any_value(later_content) as later_content,
        any_value(clock) as clock, any_value(standing) as standing, any_value(spans) as spans
    from {side}_read
    group by record_key
),
"""

_CHANGES = """
insert into ledger_changes
with
known as (
    select delivered.*, deliveries.ranked_as, deliveries.was_visible, deliveries.is_visible, {key} as record_key
    from store.raw.{source} as delivered
    inner join ledger_deliveries as deliveries using (delivery_id)
    where deliveries.was_visible or deliveries.is_visible
),
moved as (
    select * from known
    where was_visible <> is_visible or (known_date > {old_as_of} and known_date <= {new_as_of})
),
touched as (
    {touched}
),
{states}
compared as (
    select
        old, new,
        old.record_key is null as appeared,
        new.record_key is null as vanished,
        old.customer is distinct from new.customer as has_moved,
        old.content is distinct from new.content as is_corrected,
        old.status is distinct from new.status as has_status,
        old.refund is distinct from new.refund as is_refunded,
        old.later_content is distinct from new.later_content as has_later,
        old.clock is distinct from new.clock as has_aged,
        coalesce(old.standing <> new.standing, false) as has_standing
    from old_state as old
    full join new_state as new using (record_key)
),
judged as (
    select
        *,
        coalesce(new.delivery_id, old.delivery_id) in (
            select delivery_id from ledger_deliveries where is_repair and was_there <> is_there
        ) or (old.delivery_id is distinct from new.delivery_id and old.delivery_id in (
            select delivery_id from ledger_deliveries where is_repair and was_visible and not is_there
        )) as is_repaired,
        has_later and old.later is null and not (has_moved or is_corrected or has_standing) as is_added,
        coalesce(new.status in ('cancelled', 'void') and old.status not in ('cancelled', 'void'), false)
            as is_cancelled,
        coalesce(has_status and 'refunded' in (old.status, new.status), false) as is_marked_refunded,
        case when appeared then new.dated when is_added then new.later end as day_added,
        coalesce(day_added > {through}, false) as is_growth
    from compared
    where has_moved or is_corrected or has_status or is_refunded or has_later or has_aged or has_standing
)
select
    {name},
    case
        when is_repaired then ['{repair}']
        when appeared then [{late}]
        when vanished then ['{deletion}']
        when is_added then ['{late_record}']
        else list_filter([
            case when has_moved then '{customer_merge}' end,
            case when is_cancelled then '{cancellation}' end,
            case when is_refunded or (is_marked_refunded and not is_cancelled) then '{refund}' end,
            case
                when is_corrected or has_later or has_standing then '{correction}'
                when has_status and not is_cancelled and not is_marked_refunded then '{correction}'
            end,
            case when has_aged then '{maturing}' end
        ], lambda cause: cause is not null)
    end,
    list_distinct([old.customer, new.customer]),
    list_transform(case
        when is_added and {name} = 'subscriptions' then [{{'starts': new.later, 'ends': date '9999-12-31'}}]
        when has_later and {name} = 'subscriptions' and not (appeared or vanished or has_moved or is_corrected)
            then [{{'starts': least(old.later, new.later), 'ends': date '9999-12-31'}}]
        else list_distinct(list_concat(coalesce(old.spans, []), coalesce(new.spans, [])))
    end, span -> case
        when is_growth
            then {{'starts': greatest(span.starts, day_added), 'ends': greatest(span.ends, day_added)}}
        else span
    end),
    case
        when vanished or (old.delivery_id is distinct from new.delivery_id and new.delivery_id in (
            select delivery_id from ledger_deliveries where was_visible
        )) then coalesce(
            (
                select max(heir.delivery_id)
                from ledger_deliveries as heir
                inner join ledger_deliveries as gone on gone.delivery_id = old.delivery_id
                where heir.source = {name} and heir.is_visible and not heir.was_visible
                    and (heir.is_snapshot or heir.business_date is not distinct from gone.business_date)
            ),
            new.delivery_id, old.delivery_id
        )
        else new.delivery_id
    end,
    is_growth
from judged
where not is_growth or day_added < (select max(period_end) from ledger_cells)
"""


def find_changed_records(
    connection: DuckDBPyConnection,
    sources: Mapping[str, Records],
    *,
    old_as_of: dt.date,
    new_as_of: dt.date,
    data_through: Mapping[str, dt.date | None],
    new_data_through: Mapping[str, dt.date | None],
) -> None:
    """Fill the temporary table ``ledger_changes``.

    Args:
        connection: With ``ledger_cells``, the views of ``inputs.attach`` and the store attached as ``store``.
        sources: How to read the records of each source.
        old_as_of: ``as_of`` of the version compared with.
        new_as_of: ``as_of`` of the new version.
        data_through: How far each source had been delivered to the version compared with.
        new_data_through: How far to the new version.
    """
    connection.execute(_TABLE)
    connection.execute(_DELIVERIES)
    dates = {"old_as_of": first_or(old_as_of), "new_as_of": first_or(new_as_of)}
    causes = {cause.value: cause.value for cause in Cause}
    for name, records in sources.items():
        late = Cause.LATE_ORDER if name == "orders" else Cause.LATE_RECORD
        before = {"as_of": dates["old_as_of"], "through": first_or(data_through.get(name))}
        after = {"as_of": dates["new_as_of"], "through": first_or(new_data_through.get(name))}
        connection.execute(_CHANGES.format(
            **dates, **causes, source=name, name=literal(name), key=joined(records.key),
            touched=_touched(records, before, after), late=literal(late), through=before["through"],
            states=_state(records, "old", "was_visible", before) + _state(records, "new", "is_visible", after),
        ))  # fmt: skip
    find_changed_histories(connection, sources, old_as_of=dates["old_as_of"], new_as_of=dates["new_as_of"])


def find_no_records(connection: DuckDBPyConnection) -> None:
    """Leave ``ledger_changes`` empty: the version compared with does not say what it was made from."""
    connection.execute(_TABLE)


def _touched(records: Records, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """Keys of records that may differ: what moved, its peers, and what says something new by time alone."""
    keys = "select distinct record_key from"
    found = [f"{keys} moved"]
    if records.peers is not None:
        found.append(f"{keys} known where {records.peers} in (select {records.peers} from moved)")
    changing = [f"({each.format(**before)}) is distinct from ({each.format(**after)})" for each in records.clock]
    return " union ".join([*found, *(f"{keys} known where {change}" for change in changing)])


def _state(records: Records, side: str, visible: str, moment: Mapping[str, str]) -> str:
    spans = ", ".join(f"{{'starts': {first}, 'ends': {last}}}" for first, last in records.spans)
    return _STATE.format(
        side=side, visible=visible, as_of=moment["as_of"], rank="rank" if records.adds_up else "row_number",
        latest=records.latest, customer=records.customer, behind=records.behind.format(**moment),
        dated=records.dated, content=joined(records.content), status=records.status, refund=joined(records.refund),
        later=records.later, later_content=joined(records.later_content),
        clock=joined(tuple(each.format(**moment) for each in records.clock)),
        standing=records.standing.format(**moment),
        spans=f"list_filter([{spans}], lambda span: span.starts is not null)",
    )  # fmt: skip
