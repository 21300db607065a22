"""What was set aside and still is: counted, and record by record.

Belongs here: reading ``raw.quarantine``. Not here: taking repaired records in (``repairs``), the file they
are repaired in (``repair_file``).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_pipeline.core.store_tables import COUNTING
from retention_pipeline.intake.fields import Contract

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HASHED = "hash:"
"""Begins what is shown of a customer: the hash, of which nobody can tell the id."""

_CHOSEN = (
    "FROM raw.quarantine q JOIN raw.deliveries d USING (delivery_id)"
    f" LEFT JOIN ({COUNTING}) r ON q.resolved_by = r.delivery_id"
    f" WHERE d.status = 'accepted' AND d.delivery_id IN ({COUNTING})"
    " AND ($source IS NULL OR q.source = $source) AND ($reason IS NULL OR q.reason = $reason)"
    " AND ($file IS NULL OR q.path = $file) AND ($line IS NULL OR q.line = $line)"
    " AND ($since IS NULL OR d.received_date >= $since)"
)


@dataclass(frozen=True)
class Wanted:
    """Which records are asked for; None: all."""

    source: str | None = None
    reason: str | None = None
    file: str | None = None
    line: int | None = None
    since: dt.date | None = None
    """Day of arrival or later."""
    with_repaired: bool = False
    """Also records that a repair has brought since."""

    @property
    def parameters(self) -> dict[str, object]:
        """The values of the query's parameters."""
        names = ("source", "reason", "file", "line", "since")
        return {name: getattr(self, name) for name in names}

    @property
    def condition(self) -> str:
        """The part of the condition that is no parameter."""
        return "" if self.with_repaired else " AND r.delivery_id IS NULL"


@dataclass(frozen=True)
class SetAside:
    """One record of a delivery that counts."""

    delivery_id: str
    source: str
    path: str
    line: int
    reason: str
    column: str | None
    record: dict[str, str | None]
    """What was kept, by contract column; empty where nothing was, since nobody could tell its columns."""
    resolved_by: str | None
    resolved_sha256: str | None

    def cells(self, contract: Contract) -> list[str]:
        """What was kept as cells, in the order of the contract; a customer as ``hash:...``."""
        shown = []
        for field in contract.fields:
            text = self.record.get(field.name) or ""
            shown.append(f"{HASHED}{text}" if text and field.type == "customer" else text)
        return shown


def summary(connection: DuckDBPyConnection, wanted: Wanted) -> list[tuple[object, ...]]:
    """Rows of source, file, reason, records still set aside, first day of arrival, records repaired."""
    return connection.execute(
        "SELECT q.source, q.path, q.reason, count(*) FILTER (WHERE r.delivery_id IS NULL), min(d.received_date),"
        f" count(r.delivery_id) {_CHOSEN}{wanted.condition} GROUP BY ALL ORDER BY q.source, q.path, q.reason",
        wanted.parameters,
    ).fetchall()


def records(connection: DuckDBPyConnection, wanted: Wanted) -> list[SetAside]:
    """The records themselves, by source, file and line."""
    rows = connection.execute(
        "SELECT q.delivery_id, q.source, q.path, q.line, q.reason, q.column_name, q.record, r.delivery_id,"
        f" CASE WHEN r.delivery_id IS NOT NULL THEN q.resolved_sha256 END {_CHOSEN}{wanted.condition}"
        " ORDER BY q.source, q.path, q.line",
        wanted.parameters,
    ).fetchall()
    return [_set_aside(*row) for row in rows]


def _set_aside(*row: object) -> SetAside:
    delivery_id, source, path, line, reason, column, record, resolved_by, sha256 = row
    kept = json.loads(str(record))
    readable = {} if column is None else {name: None if cell is None else str(cell) for name, cell in kept.items()}
    return SetAside(
        str(delivery_id), str(source), str(path), int(str(line)), str(reason), None if column is None else str(column),
        readable, None if resolved_by is None else str(resolved_by), None if sha256 is None else str(sha256),
    )  # fmt: skip


def sources_of(found: Sequence[SetAside]) -> list[str]:
    """The sources that records are of, in order."""
    return sorted({record.source for record in found})
