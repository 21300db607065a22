"""When something is an incident: a pure function from what was observed to what is wrong.

Belongs here: one function per kind. Not here: reading anything (``observe``), remembering anything (``register``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from retention_pipeline.alerts.incident import Failure, Incident, Kind
from retention_pipeline.alerts.observe import DailyDeliveries, Observations, Reading
from retention_pipeline.config import Alerts

_DAY = dt.timedelta(days=1)
_OUTSIDE = {"above", "below"}
_UNDECIDED = "insufficient"


@dataclass(frozen=True)
class Findings:
    """What is wrong now, and what could not be told.

    Attributes:
        incidents: What is wrong.
        unexamined: Kinds that could not be looked at; an open incident of such a kind stays open.
        undecided: Keys about which the data say neither yes nor no; open incidents with these stay open too.
    """

    incidents: tuple[Incident, ...]
    unexamined: frozenset[Kind]
    undecided: frozenset[str]


def find_incidents(seen: Observations, failures: Iterable[Failure], limits: Alerts) -> Findings:
    """Everything that is wrong in one look at a home directory.

    Args:
        seen: The look.
        failures: Runs that ended badly and that no success has followed.
        limits: The shop's ``[alerts]``.
    """
    incidents = [
        *_failed(seen, failures),
        *_damaged(seen),
        *_refused(seen),
        *_missing(seen, limits),
        *_stale(seen, limits),
        *_out_of_control(seen),
    ]
    unexamined: set[Kind] = set()
    if seen.deliveries is None:
        unexamined |= {Kind.DELIVERY_REFUSED, Kind.DELIVERY_MISSING, Kind.DELIVERY_LATE}
    if seen.damage is not None:
        unexamined |= {Kind.FRESHNESS_MISSED}
    if seen.readings is None:
        unexamined |= {Kind.METRIC_OUT_OF_CONTROL}
    undecided = {_key(reading) for reading in seen.readings or () if reading.verdict == _UNDECIDED}
    return Findings(tuple(incidents), frozenset(unexamined), frozenset(undecided))


def _failed(seen: Observations, failures: Iterable[Failure]) -> Iterator[Incident]:
    for one in failures:
        yield Incident(one.key, one.kind, one.title, one.detail, one.where, seen.served, one.remedy)


def _damaged(seen: Observations) -> Iterator[Incident]:
    if seen.damage is None:
        return
    yield Incident(
        key=Kind.PUBLICATION_DAMAGED.value,
        kind=Kind.PUBLICATION_DAMAGED,
        title="the published version is damaged",
        detail=seen.damage.message,
        where="published/",
        still_served=seen.served,
        remedy=seen.damage.remedy or "run the pipeline again: it publishes an intact version",
    )


def _refused(seen: Observations) -> Iterator[Incident]:
    for one in seen.deliveries.refused if seen.deliveries else ():
        day = f" for {one.day}" if one.day else ""
        yield Incident(
            key=f"{Kind.DELIVERY_REFUSED}:{one.source}:{one.path}",
            kind=Kind.DELIVERY_REFUSED,
            title=f"{one.source}: the delivery{day} was refused",
            detail=one.reason,
            where=one.path,
            still_served=seen.served,
            remedy="deliver a corrected file under the same name, or take it away; nothing new is published meanwhile"
            " (`retention validate` shows what is wrong with it)",
        )


def _missing(seen: Observations, limits: Alerts) -> Iterator[Incident]:
    """Days between the first delivery and the expected day that were not delivered; days in a row are one incident."""
    for source in seen.deliveries.daily if seen.deliveries else ():
        if not source.days:
            continue
        for first, last in _gaps(source, _expected(seen, limits, source)):
            is_late = first > source.days[-1]
            kind = Kind.DELIVERY_LATE if is_late else Kind.DELIVERY_MISSING
            span = f"{first}" if first == last else f"{first} to {last}"
            due = f"; files are due by {limits.due_hours[source.source]}:00 of the next day" if is_late else ""
            yield Incident(
                key=f"delivery:{source.source}:{first}",
                kind=kind,
                title=f"{source.source}: no delivery for {span}",
                detail=f"{(last - first).days + 1} day(s) without a file; the last file is of {source.days[-1]}{due}",
                where=f"sources.{source.source}",
                still_served=seen.served,
                remedy="deliver the file (one without rows where nothing happened) and run again; later days do not"
                " count as complete before it is there",
            )


def _expected(seen: Observations, limits: Alerts, source: DailyDeliveries) -> dt.date:
    """The last day whose file must be there by now."""
    due = limits.due_hours.get(source.source)
    if due is None:
        return source.days[-1]
    yesterday = seen.time.date - _DAY
    return max(source.days[-1], yesterday if seen.time.hour >= due else yesterday - _DAY)


def _gaps(source: DailyDeliveries, expected: dt.date) -> Iterator[tuple[dt.date, dt.date]]:
    """First and last day of each run of missing days."""
    for before, after in zip(source.days, (*source.days[1:], expected + _DAY), strict=True):
        if after > before + _DAY:
            yield before + _DAY, after - _DAY


def _stale(seen: Observations, limits: Alerts) -> Iterator[Incident]:
    """Orders are the one source that every shop has and that every metric needs."""
    if seen.published is None or not limits.freshness_days:
        return
    through = seen.published["data_through"].get("orders")
    oldest = seen.time.date - limits.freshness_days * _DAY
    if through is not None and dt.date.fromisoformat(through) >= oldest:
        return
    yield Incident(
        key=Kind.FRESHNESS_MISSED.value,
        kind=Kind.FRESHNESS_MISSED,
        title=f"orders are published through {through}, not through {oldest}",
        detail=f"today is {seen.time.date}; freshness_days = {limits.freshness_days}",
        where="sources.orders",
        still_served=seen.served,
        remedy="see whether files arrive and whether runs succeed: `retention status`",
    )


def _out_of_control(seen: Observations) -> Iterator[Incident]:
    for one in seen.readings or ():
        if one.verdict not in _OUTSIDE:
            continue
        about = "" if one.segment_set == "all" else f" for {one.segment_set} = {one.segment_key}"
        yield Incident(
            key=_key(one),
            kind=Kind.METRIC_OUT_OF_CONTROL,
            title=f"{one.metric}.{one.variant} is {one.verdict} its control limits{about}",
            detail=f"{one.grain} from {one.period_start}, basis {one.basis}: {_number(one.value)}, expected between"
            f" {_number(one.lower_limit)} and {_number(one.upper_limit)}",
            where=f"{one.metric}.{one.variant}",
            still_served=f"{seen.served}; nothing is held back",
            remedy=f"look at the rows behind it: `retention explain {one.metric}.{one.variant}`",
        )


def _key(one: Reading) -> str:
    parts = (one.metric, one.variant, one.basis, one.grain, one.calendar, one.segment_set, one.segment_key)
    return ":".join((Kind.METRIC_OUT_OF_CONTROL.value, *map(str, parts)))


def _number(value: float | None) -> str:
    return "nothing" if value is None else f"{float(value):.4g}"
