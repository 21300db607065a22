"""Looking at a home directory: what is served, how fresh and whole it is, what was delivered, what a run left behind.

Belongs here: reading, and saying so where something could not be looked at (None). Not here: what follows (``rules``).
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retention_pipeline.alerts import alive
from retention_pipeline.alerts.clock import ShopTime, shop_time
from retention_pipeline.config import Settings
from retention_pipeline.core.errors import CorruptFileError, NothingPublishedError, RetentionError
from retention_pipeline.core.home import Home
from retention_pipeline.core.store_tables import COUNTING
from retention_pipeline.warehouse.connection import duckdb_errors
from retention_pipeline.warehouse.files import os_errors
from retention_pipeline.warehouse.lock import no_writer
from retention_pipeline.warehouse.read import open_published, verify_current
from retention_pipeline.warehouse.store import open_store

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CONTROL_LIMITS = "control_limits"
"""The published table with the verdict on each metric's last complete period; a version may lack it."""
_READING = (
    "metric", "variant", "basis", "grain", "calendar", "segment_set", "segment_key", "period_start", "value",
    "lower_limit", "upper_limit", "verdict",
)  # fmt: skip


@dataclass(frozen=True)
class Refused:
    """A file that lies there and was not taken in."""

    source: str
    path: str
    day: dt.date | None
    reason: str


@dataclass(frozen=True)
class DailyDeliveries:
    """The days of a source that delivers one file a day; refused ones are among them, they are not missing."""

    source: str
    days: tuple[dt.date, ...]


@dataclass(frozen=True)
class Deliveries:
    """What the store says about deliveries."""

    daily: tuple[DailyDeliveries, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True)
class Reading:
    """The last complete period of one metric beside its control limits."""

    metric: str
    variant: str
    basis: str
    grain: str
    calendar: str
    segment_set: str
    segment_key: str
    period_start: dt.date
    value: float | None
    lower_limit: float | None
    upper_limit: float | None
    verdict: str


@dataclass(frozen=True)
class Observations:
    """One look at one home directory; what could not be looked at leaves the incidents about it as they are.

    Attributes:
        time: The shop's day and hour.
        served: One clause about what consumers see.
        published: The current manifest's content; None where nothing is published or it is damaged.
        damage: Why the current version cannot be trusted; None when it is whole, or there is none.
        deliveries: None where the store could not be read: nothing in it yet, a writer at work, an interrupt.
        readings: None where the published tables could not be read; empty where there are no control limits.
        killed: The attempt that began and left no end, with nobody at work any more.
        last_success: When a run last ended with an intact version in place.
    """

    time: ShopTime
    served: str
    published: dict[str, Any] | None
    damage: RetentionError | None
    deliveries: Deliveries | None
    readings: tuple[Reading, ...] | None
    killed: alive.Attempt | None
    last_success: dt.datetime | None


def observe(settings: Settings, now: dt.datetime, *, thorough: bool, interrupted: bool = False) -> Observations:
    """Look once.

    Args:
        settings: The shop.
        now: This instant.
        thorough: Read every published byte again, also of files this process has compared before.
        interrupted: A statement of this process may have been interrupted, so no database is opened: DuckDB keeps one
            whose statement was, also after it was closed, and waits for itself when the same file is opened again.
    """
    home = settings.home
    published, damage = _published(home, thorough=thorough)
    with no_writer(home) as free:
        deliveries = _deliveries(settings) if free and not interrupted else None
        sign = alive.read(home)
    attempt = sign.last_attempt
    return Observations(
        time=shop_time(settings.shop.timezone, now),
        served=_served(published, damage),
        published=published,
        damage=damage,
        deliveries=deliveries,
        readings=_readings(home, interrupted) if published else () if damage is None else None,
        killed=attempt if free and attempt is not None and attempt.outcome == alive.RUNNING else None,
        last_success=alive.moment(sign.last_success.finished_at) if sign.last_success else None,
    )


def _published(home: Home, *, thorough: bool) -> tuple[dict[str, Any] | None, RetentionError | None]:
    try:
        with os_errors(home.published):
            return verify_current(home, remember=not thorough), None
    except NothingPublishedError:
        return None, None
    except CorruptFileError as error:
        return None, error


def _served(published: dict[str, Any] | None, damage: RetentionError | None) -> str:
    if damage is not None:
        return "the current version is damaged and cannot be trusted"
    if published is None:
        return "nothing has been published yet"
    return f"{published['version']} of {published['as_of']}, orders through {published['data_through'].get('orders')}"


def _deliveries(settings: Settings) -> Deliveries | None:
    try:
        with open_store(settings.home, read_only=True) as store, duckdb_errors(settings.home.store):
            rows = store.execute(
                "SELECT source, path, business_date, status, coalesce(refusal, '') FROM raw.deliveries"
                f" WHERE delivery_id IN ({COUNTING}) ORDER BY source, business_date, path"
            ).fetchall()
    except RetentionError:  # nothing in it yet, in use, or damaged, which stops the next run and is said then
        return None
    daily = [
        DailyDeliveries(name, tuple(day for source, _, day, *_ in rows if source == name and day is not None))
        for name, source in settings.sources.configured().items()
        if source.is_dated and source.cadence == "daily"
    ]
    refused = [Refused(source, path, day, why) for source, path, day, status, why in rows if status == "refused"]
    return Deliveries(tuple(daily), tuple(refused))


def _readings(home: Home, interrupted: bool) -> tuple[Reading, ...] | None:
    if interrupted:
        return None
    try:
        with open_published(home, verify=False) as published:
            if not _has_limits(published):
                return ()
            rows = published.execute(
                f"SELECT {', '.join(_READING)} FROM {CONTROL_LIMITS} WHERE is_latest ORDER BY ALL"
            ).fetchall()
    except RetentionError:
        return None
    return tuple(Reading(*row) for row in rows)


def _has_limits(published: DuckDBPyConnection) -> bool:
    """Whether the version has the table, with all the columns that are read."""
    rows = published.execute(
        "SELECT column_name FROM duckdb_columns() WHERE table_name = ?", [CONTROL_LIMITS]
    ).fetchall()
    return {name for (name,) in rows} >= {*_READING, "is_latest"}
