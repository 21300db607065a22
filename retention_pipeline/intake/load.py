"""A batch of deliveries into the store, as a whole or not at all.

Belongs here: exact duplicates, conservation, the one transaction of a batch. Not here: reading files (``staging``),
values and reasons (``rows``).
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings
from retention_pipeline.core.erased import Erased
from retention_pipeline.intake.before import Before
from retention_pipeline.intake.catalogue import ACCEPTED, REFUSED, Entry, Known, record, transaction
from retention_pipeline.intake.delivery import Counts, Delivery
from retention_pipeline.intake.drift import Profile
from retention_pipeline.intake.fields import Contract
from retention_pipeline.intake.forgetting import forget
from retention_pipeline.intake.identity import hash_parameters
from retention_pipeline.intake.profiles import keep, measure, whole
from retention_pipeline.intake.records import FileRow, insert_records, list_files
from retention_pipeline.intake.refusal import FileRefusedError
from retention_pipeline.intake.report import Rejected
from retention_pipeline.intake.rows import FILES, STAGE, TYPED, RowSql
from retention_pipeline.intake.sql import quote, storage_errors
from retention_pipeline.intake.staging import Staging, unsound
from retention_pipeline.intake.stored import quarantined_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_TWICE = "intake_twice"
_INTO_QUARANTINE = (
    "INSERT INTO raw.quarantine (delivery_id, source, path, line, reason, column_name, record, known_date)"
)
EXAMPLES = 3


class Batch:
    """Deliveries of one source that are taken in together."""

    def __init__(
        self,
        connection: DuckDBPyConnection,
        settings: Settings,
        contract: Contract,
        deliveries: Sequence[Delivery],
        erased: Erased | None = None,
    ) -> None:
        self.deliveries = deliveries
        self.reasons: Counter[str] = Counter()
        self.rejected: list[Rejected] = []
        self.unexplained: Counter[str] = Counter()
        """Words that count as ``other``, and how often each stands."""
        self._connection = connection
        self._settings = settings
        self._contract = contract
        self._erased = erased
        self._source = settings.sources.configured()[contract.source]
        self._profiles: list[tuple[str, Profile]] = []
        self._known: dict[int, tuple[dt.date | None, dt.date | None]] = {}

    def prepare(self, id_key: bytes, received_date: dt.date, scratch: Path, before: Before) -> None:
        """Read, cast and judge all records; the store is not touched."""
        for delivery in self.deliveries:
            delivery.check_date(received_date)
        with storage_errors(self._connection):
            Staging(self._connection, self._settings, self._contract, scratch).stage(self.deliveries)
            sql = self._judge(id_key, received_date)
            self._compare(before)
            self._explain(sql)

    def _judge(self, id_key: bytes, received_date: dt.date) -> RowSql:
        self._list_files(received_date)
        typed = frozenset().union(*(delivery.typed for delivery in self.deliveries))
        sql = RowSql(self._settings, self._contract, typed)
        parameters = hash_parameters(id_key) if "customer_id" in self._contract.names else None
        self._connection.execute(sql.statement(), parameters)
        forgotten = Counter() if self._erased is None else forget(self._connection, self._contract, self._erased)
        self._find_duplicates()
        self._count(forgotten)
        self._refuse_unsound()
        return sql

    def _explain(self, sql: RowSql) -> None:
        words = sql.unexplained_words()
        if words is not None:
            self.unexplained.update(dict(self._connection.execute(words).fetchall()))
        self._collect_reasons()

    def _compare(self, before: Before) -> None:
        """Refuse files that lack a column of those before them, or are unlike them where the configuration says so.

        File by file, and last: one that is refused is none that later ones are compared with.
        """
        measured = measure(self._connection, self._contract)
        for number, delivery in enumerate(self.deliveries):
            if delivery.refusal is not None:
                continue
            profiles = measured.get(number, {})
            day, columns = delivery.found.business_date, delivery.binding.columns if delivery.binding else {}
            try:
                before.columns.check(day, columns)
                before.profiles.check(delivery, profiles)
            except FileRefusedError as refusal:
                self._refuse(number, refusal)
                continue
            before.columns.remember(day, columns)
            self._profiles.append((delivery.delivery_id, whole(profiles)))

    def commit(self, mapping: str, sequence: int, received_date: dt.date, known: Mapping[str, Known]) -> None:
        """Write everything in one transaction; a refusal that is on record already is not written again.

        Raises:
            StorageError: There is no room; the store is as before.
        """
        entries = [
            self._entry(number, delivery, mapping, sequence, received_date)
            for number, delivery in enumerate(self.deliveries)
            if delivery.refusal is None or _is_news(delivery, known)
        ]
        if not entries:
            return
        with transaction(self._connection):
            if any(delivery.refusal is None for delivery in self.deliveries):
                insert_records(self._connection, self._contract, f"ANTI JOIN {_TWICE} USING (_file, _line)")
                self._insert_quarantine()
                keep(self._connection, self._profiles)
            record(self._connection, entries)

    def _list_files(self, received_date: dt.date) -> None:
        rows: list[FileRow] = [
            (number, delivery.delivery_id, delivery.found.shown, delivery.found.business_date,
             (delivery.found.business_date or received_date) + dt.timedelta(days=2),
             delivery.binding is not None and self._contract.word in delivery.binding.columns,
             delivery.found.known_until)
            for number, delivery in enumerate(self.deliveries)
            if delivery.refusal is None
        ]  # fmt: skip
        list_files(self._connection, self._settings.shop.timezone, rows)

    def _find_duplicates(self) -> None:
        """Records equal in every contract value to an earlier accepted one of the same file.

        Where nothing tells records apart (two payments of one day), equal records are not the same record.
        """
        if not self._contract.key:
            self._connection.execute(f"CREATE OR REPLACE TEMP TABLE {_TWICE} (_file INTEGER, _line BIGINT)")
            return
        key = ", ".join(map(quote, self._contract.key))
        values = ", ".join(map(quote, self._contract.names))
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {_TWICE} AS SELECT _file, _line FROM ("
            f" SELECT _file, _line, row_number() OVER (PARTITION BY _file, {values} ORDER BY _line) AS nth"
            f" FROM {TYPED} SEMI JOIN (SELECT _file, {key} FROM {TYPED} WHERE _problem IS NULL"
            f" GROUP BY ALL HAVING count(*) > 1) k USING (_file, {key}) WHERE _problem IS NULL) WHERE nth > 1"
        )

    def _count(self, forgotten: Counter[int]) -> None:
        rows = self._connection.execute(
            f"SELECT t._file, count(*) FILTER (WHERE _problem IS NULL AND d._line IS NULL),"
            " count(*) FILTER (WHERE _problem IS NOT NULL), count(*) FILTER (WHERE d._line IS NOT NULL),"
            " min(_known) FILTER (WHERE _problem IS NULL), max(_known) FILTER (WHERE _problem IS NULL)"
            f" FROM {TYPED} t LEFT JOIN {_TWICE} d USING (_file, _line) GROUP BY t._file"
        ).fetchall()
        for number, loaded, quarantined, suppressed, first, last in rows:
            self.deliveries[number].counts = Counts(loaded, quarantined, suppressed)
            self._known[number] = (first, last)
        for number, delivery in enumerate(self.deliveries):
            delivery.counts.quarantined += len(delivery.broken)
            delivery.counts.erased = forgotten[number]

    def _refuse_unsound(self) -> None:
        for number, delivery in enumerate(self.deliveries):
            found = unsound(delivery) if delivery.refusal is None else None
            if found is not None:
                self._refuse(number, found)

    def _refuse(self, number: int, refusal: FileRefusedError) -> None:
        self.deliveries[number].refuse(refusal)
        for table in (FILES, STAGE, TYPED):
            self._connection.execute(f"DELETE FROM {table} WHERE _file = ?", [number])

    def _collect_reasons(self) -> None:
        rows = self._connection.execute(
            "SELECT _problem, _path, _line, count(*) OVER (PARTITION BY _problem),"
            f" row_number() OVER (PARTITION BY _problem ORDER BY _file, _line) AS nth FROM {TYPED}"
            f" JOIN {FILES} USING (_file) WHERE _problem IS NOT NULL QUALIFY nth <= {EXAMPLES} ORDER BY _problem, nth"
        ).fetchall()
        for problem, path, line, count, nth in rows:
            column, _, reason = problem.partition(":")
            if nth == 1:
                self.reasons[reason] += count
            self.rejected.append(Rejected(path, line, column, reason))
        for delivery in self.deliveries:
            for row in delivery.broken:
                self.reasons[row.reason] += 1
                self.rejected.append(Rejected(delivery.found.shown, row.line, None, row.reason))

    def _insert_quarantine(self) -> None:
        source = self._contract.source
        self._connection.execute(
            f"{_INTO_QUARANTINE} SELECT _delivery, ?, _path, _line, split_part(_problem, ':', 2),"
            f" split_part(_problem, ':', 1), {quarantined_text(self._contract)}, _known"
            f" FROM {TYPED} t JOIN {STAGE} s USING (_file, _line) JOIN {FILES} USING (_file)"
            " WHERE _problem IS NOT NULL",
            [source],
        )
        rows = [
            (delivery.delivery_id, source, delivery.found.shown, row.line, row.reason, None,
             json.dumps({"fields": row.fields, "expected": len(delivery.header)}), delivery.found.business_date)
            for delivery in self.deliveries if delivery.refusal is None for row in delivery.broken
        ]  # fmt: skip
        if rows:
            columns = [list(column) for column in zip(*rows, strict=True)]
            types = ("VARCHAR", "VARCHAR", "VARCHAR", "BIGINT", "VARCHAR", "VARCHAR", "VARCHAR", "DATE")
            listed = ", ".join(f"unnest(${index}::{kind}[])" for index, kind in enumerate(types, start=1))
            self._connection.execute(f"{_INTO_QUARANTINE} SELECT {listed}", columns)

    def _entry(self, number: int, delivery: Delivery, mapping: str, sequence: int, received_date: dt.date) -> Entry:
        found, counts, refusal = delivery.found, delivery.counts, delivery.refusal
        first, last = self._known.get(number, (None, None)) if refusal is None else (None, None)
        return Entry(
            delivery.delivery_id, self._contract.source, self._source.kind, found.business_date, found.shown,
            delivery.content_sha256, mapping, sequence, received_date, ACCEPTED if refusal is None else REFUSED,
            None if refusal is None else str(refusal), delivery.records, counts.loaded, counts.quarantined,
            counts.suppressed, first, last, is_current=True, erased=counts.erased,
            columns_found=delivery.columns_found,
        )  # fmt: skip


def _is_news(delivery: Delivery, known: Mapping[str, Known]) -> bool:
    before = known.get(delivery.delivery_id)
    return before is None or not before.is_current or before.refusal != str(delivery.refusal)


def clear_staging(connection: DuckDBPyConnection) -> None:
    """Drop what a batch left behind: it holds text of the files, customer ids included."""
    for table in (STAGE, TYPED, FILES, _TWICE):
        connection.execute(f"DROP TABLE IF EXISTS temp.{table}")
