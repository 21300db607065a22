"""A database as a place of deliveries: what is asked of it, and as which deliveries the answer is taken in.

Belongs here: history, increments and snapshots of a database source, the files they become. Not here: the connection
and the statements (``extract``), the intake of the files (``ingest``), which is that of any file.

The first reading of an increment source is a history: its rows count as known on their own dates. Each later one is the
delivery of a day: the last day that was over when it was read, since an early reading has not seen the day it happens
on. Another reading for the same day replaces the first, so it begins where the first began.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.config import Settings, Source
from retention_pipeline.core.errors import ConfigError, InputRefusedError
from retention_pipeline.core.progress import Progress, Silent
from retention_pipeline.core.window import Window
from retention_pipeline.extract.connection import read
from retention_pipeline.extract.relation import CURSOR_TYPES, ColumnType, Use, describe, has_one_spelling
from retention_pipeline.extract.stream import Reading, Request, stream
from retention_pipeline.intake.before import Before
from retention_pipeline.intake.delivery import Delivery, address
from retention_pipeline.intake.discover import Found, Landing
from retention_pipeline.intake.fields import Contract, Field
from retention_pipeline.intake.load import Batch
from retention_pipeline.intake.mapping import Binding, bind
from retention_pipeline.intake.prescan import MAX_RECORD_BYTES, prescan
from retention_pipeline.intake.refusal import FileRefusedError
from retention_pipeline.intake.sql import storage_errors
from retention_pipeline.intake.stored import has_history, latest_day, position, unchanged_lines

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass
class DatabaseIntake:
    """One source that is read from a database."""

    connection: DuckDBPyConnection
    settings: Settings
    contract: Contract
    mapping: str
    types: dict[str, ColumnType]
    binding: Binding
    window: Window
    sample: int | None
    """Read so many rows and no more, to show what they look like."""

    @classmethod
    def plan(
        cls,
        connection: DuckDBPyConnection,
        settings: Settings,
        contract: Contract,
        mapping: str,
        window: Window,
        sample: int | None,
    ) -> DatabaseIntake:
        """Ask the database for the columns, and find the contract's among them.

        Raises:
            ConfigError, InputRefusedError, SourceUnavailableError: It cannot be read, or lacks a column.
        """
        source = settings.sources.configured()[contract.source]
        where = f"{settings.config_path}: sources.{contract.source}"
        check_cursor(settings, contract)
        types = read(where, source.timeout_seconds, Silent(), lambda opened: describe(opened, source, where))
        try:
            binding = bind(contract, source, list(types))
        except FileRefusedError as refusal:
            detail = refusal.detail.replace("the file has", f"{source.place} has")
            raise InputRefusedError(f"{where}: {detail}", remedy=refusal.remedy) from None
        if source.cursor is not None and types[source.cursor].name not in CURSOR_TYPES:
            raise InputRefusedError(
                f"{where}.cursor: column {source.cursor!r} is of type {types[source.cursor].name}",
                remedy="a cursor is a date, timestamp or timestamptz: cast it in a query, or read a snapshot",
            )
        return cls(connection, settings, contract, mapping, types, binding, window, sample)

    def read(
        self, id_key: bytes, received_date: dt.date, scratch: Path, progress: Progress
    ) -> tuple[Landing, list[str]]:
        """Read what is new into files of their own.

        Returns:
            The files, to be taken in like any others, and warnings.
        """
        source, name = self._source, self.contract.source
        day = received_date - dt.timedelta(days=1)
        is_history = source.is_incremental and not has_history(self.connection, name, self.mapping)
        if not is_history and (reason := self._no_reading(day)):
            return Landing((), ()), [reason]
        since = None
        if source.is_incremental and not is_history:
            since = position(self.connection, self.contract, self.mapping, day)
        path = scratch / f"{name}_database.csv"
        with storage_errors(self.connection):
            reading = self._fetch(path, since, progress)
            self._check_count(path, reading)
            if source.is_incremental and not is_history:
                self._drop_unchanged(path, day, id_key, received_date, scratch)
        files = [self._found(path, None if is_history else day, day)]
        if is_history:  # having read everything is evidence that the day was seen, also where nothing happened on it
            empty = scratch / f"{name}_database_day.csv"
            empty.write_bytes(_header(path))
            files.append(self._found(empty, day, day))
        return Landing(tuple(files), ()).within(self.window), self._warnings(reading)

    def _no_reading(self, day: dt.date) -> str | None:
        """Why the database is not asked: what it holds now must not pass for what was known of another day."""
        if day not in self.window:
            return f"not read: the run is about other days than {day}, and a database only tells how it is now"
        later = latest_day(self.connection, self.contract.source, self.mapping)
        if later is not None and later > day:
            return f"not read for {day}: it was read for {later} already, and a database only tells how it is now"
        return None

    def _fetch(self, path: Path, since: dt.datetime | None, progress: Progress) -> Reading:
        source, name = self._source, self.contract.source
        if since is not None:
            since -= dt.timedelta(minutes=source.cursor_lookback_minutes)
        bound = self.binding.columns
        keys = [bound[key] for key in self.contract.key if key in bound]
        request = Request(
            source=source,
            where=f"{self.settings.config_path}: sources.{name}",
            types=self.types,
            columns={bound[field.name]: _use(field) for field in self.contract.fields if field.name in bound},
            order_by=keys or list(bound.values()),
            zone=source.timezone or self.settings.shop.timezone,
            since=since,
            limit=self.sample,
        )
        label = f"{name}: postgresql"
        return read(
            request.where, source.timeout_seconds, progress,
            lambda opened: stream(opened, request, path, label, progress),
        )  # fmt: skip

    def _check_count(self, path: Path, reading: Reading) -> None:
        """Conservation: the file holds as many records as the server says it sent."""
        try:
            held = prescan(path, ",").records - 1
        except FileRefusedError:
            return  # not text: the intake of the file refuses it, and says so
        if held != reading.rows:
            raise InputRefusedError(
                f"{self._shown}: the server sent {reading.rows} rows, {held} arrived", remedy="run again"
            )

    def _drop_unchanged(self, path: Path, day: dt.date, id_key: bytes, received_date: dt.date, scratch: Path) -> None:
        """Take out of the file what was read again only because readings overlap: an idle night brings nothing."""
        candidate = self._delivery(self._found(path, day, day))
        batch = Batch(self.connection, self.settings, self.contract, [candidate])
        before = Before.of(self.connection, self.settings, self.contract, self.mapping)
        batch.prepare(id_key, received_date, scratch, before)
        if candidate.refusal is not None:
            return  # it is refused again, and recorded, when it is taken in
        unchanged = unchanged_lines(self.connection, self.contract, self.mapping, day)
        if unchanged:
            kept = path.with_suffix(".kept")
            _copy_without(path, unchanged, kept)
            kept.replace(path)

    def _delivery(self, found: Found) -> Delivery:
        return address(found, self.contract.source, self.mapping)

    def _found(self, path: Path, business_date: dt.date | None, day: dt.date) -> Found:
        typed = frozenset(
            field.name
            for field in self.contract.fields
            if field.name in self.binding.columns
            and has_one_spelling(self.types[self.binding.columns[field.name]], _use(field))
        )
        return Found(path, self._shown, business_date, known_until=day, typed=typed)

    def _warnings(self, reading: Reading) -> list[str]:
        if not reading.waiting:
            return []
        ahead = f"rows whose {self._source.cursor} lies ahead of the server's clock: {reading.waiting}"
        return [f"{ahead}; each is read once that time has passed (is timezone the zone of the column?)"]

    @property
    def _source(self) -> Source:
        return self.settings.sources.configured()[self.contract.source]

    @property
    def _shown(self) -> str:
        return f"{self._source.database}:{self.contract.source}"


def check_cursor(settings: Settings, contract: Contract) -> None:
    """Check that the cursor is the column that the store keeps, or its position could not be told from the store.

    Raises:
        ConfigError: It is another column, or records of this source cannot be told apart.
    """
    source = settings.sources.configured()[contract.source]
    where = f"{settings.config_path}: sources.{contract.source}.cursor"
    if source.cursor is None:
        return
    if not contract.key:
        raise ConfigError(
            f"{where}: records of {contract.source} have no number, so changed ones cannot be told from new ones",
            remedy='take the cursor out and write kind = "snapshot"',
        )
    column = contract.known_by[0]
    if source.columns.get(column, column) != source.cursor:
        raise ConfigError(
            f"{where}: {source.cursor!r} is not what {column} is read from",
            remedy=f'write {column} = "{source.cursor}" under [sources.{contract.source}.columns]',
        )


def _use(field: Field) -> Use:
    if field.type == "timestamp":
        return "timestamp"
    return "number" if field.type in {"decimal", "score"} else "text"


def _header(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.readline()


def _copy_without(path: Path, lines: Collection[int], to: Path) -> None:
    """Copy a CSV file without the records that begin on these lines."""
    previous = csv.field_size_limit(MAX_RECORD_BYTES)
    try:
        to.touch(mode=0o600)
        with path.open(encoding="utf-8", newline="") as source, to.open("w", encoding="utf-8", newline="") as target:
            reader, writer = csv.reader(source, strict=True), csv.writer(target, lineterminator="\n")
            line = 1
            for cells in reader:
                if line not in lines:
                    writer.writerow(cells)
                line = reader.line_num + 1
    finally:
        csv.field_size_limit(previous)
