"""What an intake would find: deliveries that are new, replaced or missing, and the records they would change.

Belongs here: looking ahead with the intake's own means, into a store that is thrown away. Not here: which periods the
changed records lie in (``core.periods``), showing it (``cli.planning``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.core.erased import Erased
from retention_pipeline.core.progress import Progress
from retention_pipeline.core.window import Window
from retention_pipeline.intake import casting
from retention_pipeline.intake.catalogue import ACCEPTED
from retention_pipeline.intake.delivery import address, reported, unreadable
from retention_pipeline.intake.discover import Found, Landing, discover
from retention_pipeline.intake.ingest import SourceIntake
from retention_pipeline.intake.mapping import mapping_hash
from retention_pipeline.intake.report import Refusal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

STORE = "store"
"""Schema under which the real store is attached, read-only, where there is one."""


@dataclass
class SourceOutlook:
    """What would become of the files of one source."""

    name: str
    new: list[Found] = field(default_factory=list)
    superseding: list[Found] = field(default_factory=list)
    """Files whose date has been delivered already, with another content."""
    unchanged: int = 0
    missing: list[dt.date] = field(default_factory=list)
    """Days of a daily source that neither the store nor the landing place has."""
    bytes: int = 0
    refused: list[Refusal] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def to_read(self) -> list[Found]:
        """The files that would be read."""
        return [*self.new, *self.superseding]


@dataclass(frozen=True)
class ChangedOrders:
    """Order records that would be new or different.

    Attributes:
        records: Their number.
        customers: Known customers among them.
        dates: Their business dates.
        first_dates: First order dates of these customers, before and after.
        segments: Attribute values of these customers, by segment set.
    """

    records: int
    customers: int
    dates: tuple[dt.date, ...]
    first_dates: tuple[dt.date, ...]
    segments: dict[str, tuple[str, ...]]


def look_ahead(
    scratch: DuckDBPyConnection, settings: Settings, name: str, window: Window, *, has_store: bool
) -> SourceOutlook:
    """Sort the files of a source by what would become of them; opens each once, for its checksum.

    Raises:
        ConfigError, InputRefusedError: As the intake itself would.
    """
    known = _known(scratch, name) if has_store else {}
    landing = discover(settings, name, has_deliveries=bool(known)).within(window)
    mapping = mapping_hash(settings, name)
    accepted = {delivery for delivery, (_, status, _) in known.items() if status == ACCEPTED}
    current = {day for day, status, counts in known.values() if counts and status == ACCEPTED}
    outlook = SourceOutlook(name)
    for found in landing.files:
        try:
            delivery = address(found, name, mapping)
        except OSError as error:
            outlook.refused.append(reported(name, found, unreadable(error)))
            continue
        if delivery.delivery_id in accepted and known[delivery.delivery_id][2]:
            outlook.unchanged += 1
            continue
        (outlook.superseding if found.business_date in current else outlook.new).append(found)
        outlook.bytes += delivery.stamp[0]
    outlook.missing = _missing(settings, name, window, landing, current)
    return outlook


def waiting_repairs(scratch: DuckDBPyConnection) -> int:
    """Repairs made or undone since the last run, which no version has seen."""
    query = f"SELECT count(DISTINCT repair_id) FROM {STORE}.raw.arrivals WHERE known_from IS NULL"
    return int(scratch.execute(query).fetchall()[0][0])


def _known(scratch: DuckDBPyConnection, name: str) -> dict[str, tuple[dt.date | None, str, bool]]:
    """Business date, status and whether it counts now, of each delivery in the store."""
    rows = scratch.execute(
        f"SELECT d.delivery_id, d.business_date, d.status, coalesce(d.delivery_id = l.delivery_id, false)"
        f" FROM {STORE}.raw.deliveries d LEFT JOIN (SELECT business_date, delivery_id FROM {STORE}.raw.arrivals"
        " WHERE source = $source AND repair_id IS NULL"
        " QUALIFY row_number() OVER (PARTITION BY business_date ORDER BY position DESC) = 1) l"
        " ON d.business_date IS NOT DISTINCT FROM l.business_date WHERE d.source = $source"
        " AND d.repairs IS NULL",
        {"source": name},
    ).fetchall()
    return {delivery: (day, status, counts) for delivery, day, status, counts in rows}


def _missing(
    settings: Settings, name: str, window: Window, landing: Landing, current: set[dt.date | None]
) -> list[dt.date]:
    source = settings.sources.configured()[name]
    if not source.is_dated or source.is_database or source.cadence != "daily":
        return []
    days = {found.business_date for found in landing.files} | current
    there = sorted(day for day in days if day is not None)
    first = max(day for day in (there[0] if there else window.first, window.first) if day is not None) if (
        there or window.first) else None  # fmt: skip
    last = window.last or (there[-1] if there else None)
    if first is None or last is None:
        return []
    spanned = (first + dt.timedelta(days=step) for step in range((last - first).days + 1))
    return [day for day in spanned if day not in days]


def read_ahead(
    scratch: DuckDBPyConnection,
    settings: Settings,
    outlook: SourceOutlook,
    id_key: bytes,
    *,
    received_date: dt.date,
    folder: Path,
    progress: Progress,
    has_store: bool,
    erased: Erased | None = None,
) -> None:
    """Take the files in question into the scratch store; those that would be refused are listed in the outlook.

    Records of erased persons are left out, as a run would leave them out.
    """
    intake = SourceIntake.plan(scratch, settings, outlook.name)
    if has_store:
        intake.history = f"{STORE}.raw"
    intake.landing = Landing(tuple(outlook.to_read), ())
    intake.erased = erased
    outlook.refused += intake.run(id_key, received_date, folder, progress)
    outlook.warnings = intake.report.warnings


def changed_orders(scratch: DuckDBPyConnection, settings: Settings, *, has_store: bool) -> ChangedOrders:
    """Compare the orders that were read ahead with those in the store.

    An order changes when its newest record differs in any value from what the store knows of it, or when a file that
    would be replaced had it and the new one has not.
    """
    zone = settings.shop.timezone
    day = casting.local_date("ordered_at", zone)
    old = f"SELECT * FROM {STORE}.raw.orders" if has_store else "SELECT * FROM raw.orders WHERE false"
    values = "order_id, customer_id, ordered_at, status, currency, amount, refund_amount, cost_amount, discount_amount"
    scratch.execute(
        f"CREATE OR REPLACE TEMP TABLE ahead AS WITH old AS ({old}),"
        f" fresh AS (SELECT {values} FROM raw.orders EXCEPT SELECT {values} FROM old),"
        f" lost AS ({_lost(values) if has_store else f'SELECT {values} FROM raw.orders WHERE false'})"
        f" SELECT order_id, customer_id, {day} AS order_date FROM (SELECT * FROM fresh UNION SELECT * FROM lost)"
    )
    records, customers = scratch.execute(
        "SELECT count(DISTINCT order_id), count(DISTINCT customer_id) FROM ahead"
    ).fetchall()[0]
    firsts = scratch.execute(
        f"SELECT min({day}) FILTER (is_old), min({day}) FROM ("
        f"SELECT customer_id, ordered_at, true AS is_old FROM ({old})"
        " UNION ALL SELECT customer_id, ordered_at, false FROM raw.orders)"
        " WHERE customer_id IN (SELECT customer_id FROM ahead) GROUP BY customer_id"
    ).fetchall()
    return ChangedOrders(
        records,
        customers,
        _dates(scratch.execute("SELECT DISTINCT order_date FROM ahead").fetchall()),
        _dates(firsts),
        _segments(scratch, settings, has_store=has_store),
    )


def _lost(values: str) -> str:
    """Records of deliveries whose date was read ahead, that the new files no longer hold."""
    return (
        f"SELECT {values} FROM {STORE}.raw.orders WHERE delivery_id IN (SELECT o.delivery_id FROM"
        f" {STORE}.raw.deliveries o JOIN raw.deliveries n ON o.source = n.source AND o.business_date = n.business_date"
        f" WHERE n.status = 'accepted' AND o.is_current) EXCEPT SELECT {values} FROM raw.orders"
    )


def _segments(scratch: DuckDBPyConnection, settings: Settings, *, has_store: bool) -> dict[str, tuple[str, ...]]:
    if not settings.shop.segments:
        return {}
    places = ["raw.customers", *([f"{STORE}.raw.customers"] if has_store else [])]
    both = " UNION ALL ".join(f"SELECT customer_id, attributes FROM {place}" for place in places)
    found = {}
    for name in settings.shop.segments:
        rows = scratch.execute(
            f"SELECT DISTINCT nullif(trim(attributes[$name]), '') AS segment_key FROM ({both})"
            " WHERE customer_id IN (SELECT customer_id FROM ahead) ORDER BY 1",
            {"name": name},
        ).fetchall()
        found[name] = tuple(key or "(unknown)" for (key,) in rows)
    return found


def _dates(rows: Sequence[tuple[dt.date | None, ...]]) -> tuple[dt.date, ...]:
    return tuple(sorted({day for row in rows for day in row if day is not None}))
