"""The store's side of repairs: the deliveries that are repaired, judging rows, taking them in, undoing.

Belongs here: statements. Not here: the decision about each row (``repairs``).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.core.erased import Erased
from retention_pipeline.core.errors import InputRefusedError
from retention_pipeline.core.store_tables import COUNTING
from retention_pipeline.intake.catalogue import (
    ACCEPTED,
    Entry,
    delivery_id,
    follow_repaired,
    log_repairs,
    next_sequence,
    transaction,
    write_entries,
)
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.identity import hash_parameters
from retention_pipeline.intake.quarantine import HASHED
from retention_pipeline.intake.records import FileRow, insert_records, list_files
from retention_pipeline.intake.repair_file import RepairRow
from retention_pipeline.intake.rows import FILES, STAGE, TYPED, RowSql
from retention_pipeline.intake.sql import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Target:
    """A delivery that counts and whose set-aside records are repaired."""

    delivery_id: str
    source: str
    kind: str
    business_date: dt.date | None
    path: str
    mapping_hash: str
    received_date: dt.date
    columns_found: str | None
    has_word: bool
    """Whether the file had the column of words."""


def find_targets(connection: DuckDBPyConnection, names: Collection[str]) -> dict[str, Target]:
    """The deliveries that count and hold the named ones' bytes, by the name that was asked for.

    A file that has been read anew under another mapping has another name and the same lines.
    """
    rows = connection.execute(
        "SELECT n.delivery_id, d.delivery_id, d.source, d.kind, d.business_date, d.path, d.mapping_hash,"
        " d.received_date, d.columns_found, coalesce(list_has_any(string_split(d.columns_found, ','), $words),"
        "  exists(SELECT 1 FROM raw.quarantine q WHERE q.delivery_id = d.delivery_id AND coalesce("
        "   q.record ->> '$.status', q.record ->> '$.kind', q.record ->> '$.measure') IS NOT NULL))"
        " FROM raw.deliveries n JOIN raw.deliveries d ON n.source = d.source AND n.content_sha256 = d.content_sha256"
        " AND n.business_date IS NOT DISTINCT FROM d.business_date"
        f" WHERE list_contains($names, n.delivery_id) AND d.status = 'accepted' AND d.repairs IS NULL"
        f" AND d.delivery_id IN ({COUNTING})",
        {"names": list(names), "words": ["status", "kind", "measure"]},
    ).fetchall()
    return {row[0]: Target(*row[1:]) for row in rows}


def judge(
    connection: DuckDBPyConnection,
    settings: Settings,
    contract: Contract,
    id_key: bytes,
    rows: Sequence[tuple[Target, RepairRow]],
    erased: Erased | None = None,
) -> list[str | None]:
    """``column: reason`` of what is wrong with each row, as intake would find it; None where nothing is.

    Somebody who has been erased does not come back through a repair either.
    """
    numbers = {name: number for number, name in enumerate(dict.fromkeys(target.delivery_id for target, _ in rows))}
    files: dict[str, FileRow] = {}
    for target, _ in rows:
        latest = (target.business_date or target.received_date) + dt.timedelta(days=2)
        files[target.delivery_id] = (
            numbers[target.delivery_id], target.delivery_id, target.path, target.business_date, latest,
            target.has_word, None,
        )  # fmt: skip
    list_files(connection, settings.shop.timezone, list(files.values()))
    _stage(connection, contract, [(numbers[target.delivery_id], row) for target, row in rows])
    parameters = hash_parameters(id_key) if "customer_id" in contract.names else None
    connection.execute(RowSql(settings, contract, hashed=HASHED).statement(), parameters)
    found = connection.execute(f"SELECT _file, _line, _problem FROM {TYPED}").fetchall()
    problems = {(file, line): problem for file, line, problem in found}
    if erased and parameters is not None:
        problems |= _of_erased(connection, contract, erased)
    return [
        problem and problem.replace(":", ": ")
        for problem in (problems[numbers[target.delivery_id], row.line] for target, row in rows)
    ]


def _of_erased(connection: DuckDBPyConnection, contract: Contract, erased: Erased) -> dict[tuple[int, int], str]:
    """Problems of rows that are of erased customers, or of nobody and about an order of theirs."""
    looked: list[tuple[str, str, Callable[[str], bool]]] = [
        ("customer_id", "customer_id IS NOT NULL", erased.is_person)
    ]
    if "order_id" in contract.names:
        looked.append(("order_id", "customer_id IS NULL AND order_id IS NOT NULL", erased.is_order))
    return {
        (file, line): f"{column}:erased"
        for column, where, is_theirs in looked
        for file, line, value in connection.execute(
            f"SELECT _file, _line, {column} FROM {TYPED} WHERE {where}"
        ).fetchall()
        if is_theirs(value)
    }


def _stage(connection: DuckDBPyConnection, contract: Contract, rows: Iterable[tuple[int, RepairRow]]) -> None:
    columns = ", ".join(f"{quote(name)} VARCHAR" for name in contract.names)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {STAGE} (_file INTEGER, _line BIGINT, {columns})")
    values = [[number, row.line, *(cell or None for cell in row.cells)] for number, row in rows]
    if values:
        listed = ", ".join(f"unnest(${place})" for place in range(1, len(contract.names) + 3))
        connection.execute(
            f"INSERT INTO {STAGE} SELECT {listed}", [list(column) for column in zip(*values, strict=True)]
        )


def take_in_repairs(
    connection: DuckDBPyConnection,
    contract: Contract,
    mapping: str,
    received_date: dt.date,
    rows: Mapping[Target, Mapping[int, str]],
) -> list[str]:
    """Take in judged rows in one transaction: a delivery for each that is repaired, and a mark on each record.

    Args:
        connection: The store, after ``judge``.
        contract: The source.
        mapping: Fingerprint of the configuration.
        received_date: The day of the repair.
        rows: Per repaired delivery the checksum of the cells of each line.

    Returns:
        The repairs, one per repaired delivery.
    """
    sequence = next_sequence(connection)
    entries = [_entry(connection, target, mapping, sequence, received_date, lines) for target, lines in rows.items()]
    _keep_only(connection, rows)
    known = {name for (name,) in connection.execute("SELECT delivery_id FROM raw.deliveries").fetchall()}
    with transaction(connection):
        for entry in entries:
            lines = next(lines for target, lines in rows.items() if target.delivery_id == entry.repairs)
            connection.execute(
                f"UPDATE {FILES} SET _delivery = ? WHERE _delivery = ?", [entry.delivery_id, entry.repairs]
            )
            if entry.delivery_id in known:  # undone before: its rows are there
                connection.execute(
                    f"DELETE FROM {TYPED} WHERE _file IN (SELECT _file FROM {FILES} WHERE _delivery = ?)",
                    [entry.delivery_id],
                )
            for line, checksum in lines.items():
                connection.execute(
                    "UPDATE raw.quarantine SET resolved_by = ?, resolved_sha256 = ? WHERE delivery_id = ? AND line = ?",
                    [entry.delivery_id, checksum, entry.repairs, line],
                )
        insert_records(connection, contract)
        write_entries(connection, entries)
        log_repairs(connection, [entry.delivery_id for entry in entries])
        follow_repaired(connection)
    return [entry.delivery_id for entry in entries]


def undo_repair(connection: DuckDBPyConnection, name: str) -> tuple[str, int]:
    """Let a repair no longer count; its records are set aside again.

    Returns:
        The repaired file and the number of records.

    Raises:
        InputRefusedError: It is no repair that counts.
    """
    row = connection.execute(
        "SELECT t.path, r.records FROM raw.deliveries r JOIN raw.deliveries t ON r.repairs = t.delivery_id"
        f" WHERE r.delivery_id = ? AND r.delivery_id IN ({COUNTING})",
        [name],
    ).fetchone()
    if row is None:
        raise InputRefusedError(
            f"{name!r} is no repair that counts", remedy="`quarantine list --all` names the repairs"
        )
    with transaction(connection):
        log_repairs(connection, [name], is_undone=True)
        follow_repaired(connection)
    return str(row[0]), int(row[1])


def _keep_only(connection: DuckDBPyConnection, rows: Mapping[Target, Mapping[int, str]]) -> None:
    """Drop judged rows that are not taken in."""
    kept = [f"{target.delivery_id} {line}" for target, lines in rows.items() for line in lines]
    connection.execute(
        f"DELETE FROM {TYPED} USING {FILES} WHERE {TYPED}._file = {FILES}._file"
        f" AND NOT list_contains(?, {FILES}._delivery || ' ' || {TYPED}._line)",
        [kept],
    )


def _entry(
    connection: DuckDBPyConnection,
    target: Target,
    mapping: str,
    sequence: int,
    received_date: dt.date,
    lines: Mapping[int, str],
) -> Entry:
    content = hashlib.sha256(json.dumps([target.delivery_id, sorted(lines.items())]).encode()).hexdigest()
    known = connection.execute(
        f"SELECT min(_known), max(_known) FROM {TYPED} JOIN {FILES} USING (_file)"
        " WHERE _delivery = ? AND list_contains(?, _line)",
        [target.delivery_id, list(lines)],
    ).fetchall()[0]
    return Entry(
        delivery_id(target.source, target.business_date, content, mapping), target.source, target.kind,
        target.business_date, f"{target.path} (repair)", content, mapping, sequence, received_date, ACCEPTED, None,
        len(lines), len(lines), 0, 0, known[0], known[1], is_current=True, erased=0, repairs=target.delivery_id,
        columns_found=target.columns_found,
    )  # fmt: skip
