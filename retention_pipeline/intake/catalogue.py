"""The catalogue of deliveries: what has been seen, what counts, what was refused.

Belongs here: reading and changing ``raw.deliveries``. Not here: the records of a delivery (``load``).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.window import Window
from retention_pipeline.intake.sql import database_errors, one, storage_errors

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ACCEPTED, REFUSED = "accepted", "refused"
_NEXT = "(SELECT coalesce(max(position), 0) FROM raw.arrivals)"
_LOG = "INSERT INTO raw.arrivals (position, source, business_date, delivery_id)"


@dataclass(frozen=True)
class Entry:
    """One row of ``raw.deliveries``, in the order of its columns."""

    delivery_id: str
    source: str
    kind: str
    business_date: dt.date | None
    path: str
    content_sha256: str
    mapping_hash: str
    sequence: int
    received_date: dt.date
    status: str
    refusal: str | None
    records: int
    loaded: int
    quarantined: int
    suppressed: int
    first_known: dt.date | None
    last_known: dt.date | None
    is_current: bool
    erased: int
    repairs: str | None = None
    columns_found: str | None = None


@dataclass(frozen=True)
class Known:
    """What the catalogue says about one delivery."""

    status: str
    is_current: bool
    refusal: str | None
    mapping_hash: str
    business_date: dt.date | None


def delivery_id(source: str, business_date: dt.date | None, content_sha256: str, mapping: str) -> str:
    """Address of a delivery: same source, date, bytes and mapping give the same id."""
    day = "" if business_date is None else business_date.isoformat()
    return hashlib.sha256(f"{source}|{day}|{content_sha256}|{mapping}".encode()).hexdigest()[:16]


@contextlib.contextmanager
def transaction(connection: DuckDBPyConnection) -> Iterator[None]:
    """Commit the block as a whole, or leave no trace of it.

    Raises:
        StorageError: There was no room for it.
    """
    with storage_errors(connection):
        connection.execute("BEGIN")
        try:
            yield
            failpoint("intake.before_commit")
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(database_errors(connection)):
                connection.execute("ROLLBACK")
            raise
    failpoint("intake.after_commit")


def known_deliveries(connection: DuckDBPyConnection, source: str) -> dict[str, Known]:
    """All deliveries of files (or readings) of a source by id; repairs of them are looked after elsewhere."""
    rows = connection.execute(
        "SELECT delivery_id, status, is_current, refusal, mapping_hash, business_date FROM raw.deliveries"
        " WHERE source = ? AND repairs IS NULL",
        [source],
    ).fetchall()
    return {row[0]: Known(*row[1:]) for row in rows}


def next_sequence(connection: DuckDBPyConnection) -> int:
    """The number of this arrival: deliveries that are taken in together share it."""
    return int(str(one(connection, "SELECT coalesce(max(sequence), 0) + 1 FROM raw.deliveries")[0]))


def record(connection: DuckDBPyConnection, entries: Collection[Entry]) -> None:
    """Write entries (replacing those of the same id) and make them current in place of what they supersede."""
    if not entries:
        return
    write_entries(connection, entries)
    make_current(connection, [entry.delivery_id for entry in entries])


def write_entries(connection: DuckDBPyConnection, entries: Collection[Entry]) -> None:
    """Write entries (replacing those of the same id), whatever else counts."""
    connection.execute(
        "DELETE FROM raw.deliveries WHERE list_contains(?, delivery_id)", [[entry.delivery_id for entry in entries]]
    )
    columns = ", ".join(f"unnest(${part.name})" for part in fields(Entry))
    values = dict(
        zip((part.name for part in fields(Entry)), map(list, zip(*map(astuple, entries), strict=True)), strict=True)
    )
    connection.execute(f"INSERT INTO raw.deliveries SELECT {columns}", values)


def make_current(connection: DuckDBPyConnection, delivery_ids: Collection[str]) -> None:
    """Make deliveries current; others of the same source and date no longer are."""
    connection.execute(
        "UPDATE raw.deliveries AS d SET is_current = list_contains($ids, d.delivery_id) WHERE EXISTS ("
        " SELECT 1 FROM raw.deliveries n WHERE list_contains($ids, n.delivery_id)"
        " AND n.source = d.source AND n.business_date IS NOT DISTINCT FROM d.business_date) AND d.repairs IS NULL",
        {"ids": list(delivery_ids)},
    )
    follow_repaired(connection)
    connection.execute(
        f"{_LOG} SELECT {_NEXT} + row_number() OVER (ORDER BY business_date, delivery_id), source,"
        " business_date, delivery_id FROM raw.deliveries WHERE list_contains(?, delivery_id)",
        [list(delivery_ids)],
    )


def log_repairs(connection: DuckDBPyConnection, delivery_ids: Collection[str], *, is_undone: bool = False) -> None:
    """Let repairs count from now on, or no longer."""
    name = "NULL" if is_undone else "delivery_id"
    connection.execute(
        "INSERT INTO raw.arrivals (position, source, business_date, delivery_id, repair_id)"
        f" SELECT {_NEXT} + row_number() OVER (ORDER BY business_date, delivery_id), source, business_date, {name},"
        " delivery_id FROM raw.deliveries WHERE list_contains(?, delivery_id)",
        [list(delivery_ids)],
    )


def follow_repaired(connection: DuckDBPyConnection) -> None:
    """Let a repair count exactly while it has not been undone and the delivery that it repairs counts."""
    connection.execute(
        "UPDATE raw.deliveries AS r SET is_current = t.is_current AND r.delivery_id IN ("
        "  SELECT max_by(coalesce(delivery_id, ''), position) FROM raw.arrivals WHERE repair_id IS NOT NULL"
        "  GROUP BY repair_id)"
        " FROM raw.deliveries AS t WHERE r.repairs = t.delivery_id"
    )


def _retire(connection: DuckDBPyConnection, delivery_ids: Collection[str]) -> None:
    """Let nothing count for the source and date of these deliveries."""
    connection.execute(
        "UPDATE raw.deliveries SET is_current = false WHERE list_contains(?, delivery_id)", [list(delivery_ids)]
    )
    follow_repaired(connection)
    connection.execute(
        f"{_LOG} SELECT {_NEXT} + row_number() OVER (ORDER BY business_date), source, business_date,"
        " NULL FROM raw.deliveries WHERE list_contains(?, delivery_id) GROUP BY source, business_date",
        [list(delivery_ids)],
    )


def settle(
    connection: DuckDBPyConnection, source: str, *, is_dated: bool, present: Collection[str], window: Window
) -> list[str]:
    """Make the catalogue agree with the landing place once its files within the window have been looked at.

    A source that changed between one history file and one file a day leaves its other deliveries behind; a refused file
    that was taken away no longer blocks, and what was current before it is current again.

    Returns:
        Paths of refused deliveries that were withdrawn.
    """
    rows = connection.execute(
        "SELECT delivery_id, path, business_date, status, (business_date IS NULL) = $is_dated FROM raw.deliveries"
        " WHERE source = $source AND is_current AND repairs IS NULL ORDER BY path",
        {"source": source, "is_dated": is_dated},
    ).fetchall()
    withdrawn = {
        name: path for name, path, day, status, _ in rows if status == REFUSED and name not in present and day in window
    }
    gone = list({**withdrawn, **{name: path for name, path, _, _, is_of_other_kind in rows if is_of_other_kind}})
    orphans = _without_current(connection, source, list(withdrawn)) if is_dated else []
    if gone or orphans:
        with transaction(connection):
            _retire(connection, gone)
            if orphans:
                make_current(connection, orphans)
    return list(withdrawn.values())


def settle_database(
    connection: DuckDBPyConnection, source: str, *, kind: str, mapping: str, present: Collection[str], window: Window
) -> list[str]:
    """Make the catalogue agree with what was read from a database.

    A refused reading that was followed by another no longer blocks. Once there is a history (or a snapshot) under the
    mapping in use, increments read under another one, from files or from another query, no longer count beside it.

    Returns:
        Names of refused deliveries that were withdrawn.
    """
    rows = connection.execute(
        "SELECT delivery_id, path, business_date, status, mapping_hash = $mapping,"
        " $kind = 'increment' OR kind = 'increment' OR business_date IS NULL"
        " FROM raw.deliveries WHERE source = $source AND is_current AND repairs IS NULL ORDER BY path",
        {"source": source, "kind": kind, "mapping": mapping},
    ).fetchall()
    withdrawn = {
        name: path
        for name, path, day, status, _, _ in rows
        if status == REFUSED and name not in present and day in window
    }
    is_read = any(
        is_mine and status == ACCEPTED and (kind != "increment" or day is None)
        for _, _, day, status, is_mine, _ in rows
    )
    replaced = [name for name, _, _, _, is_mine, cannot_stay in rows if is_read and cannot_stay and not is_mine]
    if withdrawn or replaced:
        with transaction(connection):
            _retire(connection, [*withdrawn, *replaced])
    return list(withdrawn.values())


def _without_current(connection: DuckDBPyConnection, source: str, withdrawn: list[str]) -> list[str]:
    """The latest accepted delivery of each date that none is current for."""
    rows = connection.execute(
        "SELECT max_by(delivery_id, sequence) FROM raw.deliveries"
        " WHERE source = $source AND status = 'accepted' AND repairs IS NULL"
        " AND business_date IS NOT NULL AND business_date NOT IN ("
        "   SELECT business_date FROM raw.deliveries WHERE source = $source AND is_current"
        "   AND repairs IS NULL AND business_date IS NOT NULL AND NOT list_contains($withdrawn, delivery_id))"
        " GROUP BY business_date",
        {"source": source, "withdrawn": withdrawn},
    ).fetchall()
    return [row[0] for row in rows]
