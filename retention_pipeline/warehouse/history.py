"""The tables ``_versions`` and ``_coverage``: every version that was ever published, and what each knew.

Each version carries on the list of the newest one before it, so versions that have been removed stay listed.
Belongs here: their rows. Not here: keeping or removing versions (``versions``), columns (``core.history_tables``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.core.history_tables import COVERAGE, VERSIONS
from retention_pipeline.core.home import Home
from retention_pipeline.core.tables import Table
from retention_pipeline.warehouse.manifest import Manifest
from retention_pipeline.warehouse.release import PublishedTable
from retention_pipeline.warehouse.sql import literal
from retention_pipeline.warehouse.verify import verify_file

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Rows = dict[tuple[Any, ...], tuple[Any, ...]]


@dataclass(frozen=True)
class Entry:
    """What is listed about a version: its row of ``_versions`` but for ``is_kept``, and its rows of ``_coverage``."""

    version: str
    as_of: str
    published_at: str
    content_hash: str
    rows_count: int
    run_id: str
    compared_with: str | None
    is_reenactment: bool
    data_through: Mapping[str, str | None]
    periods_from: str | None
    contract_version: int | None
    build: str | None

    @classmethod
    def of(cls, manifest: Manifest) -> Entry:
        """The entry of a version that is there already."""
        return cls(
            manifest.version,
            manifest.metadata["as_of"],
            manifest.created_at,
            manifest.content_hash,
            manifest.rows,
            manifest.metadata["run_id"],
            manifest.metadata.get("compared_with"),
            bool(manifest.metadata.get("is_reenactment", False)),
            manifest.metadata["data_through"],
            manifest.metadata.get("periods_from"),
            manifest.metadata.get("contract_version"),
            build_in_words(manifest.metadata.get("build")),
        )

    @property
    def row(self) -> tuple[Any, ...]:
        """The row of ``_versions`` without ``is_kept``."""
        instant = dt.datetime.fromisoformat(self.published_at).astimezone(dt.UTC).replace(tzinfo=None)
        through = self.data_through.get("orders")
        return (
            self.version, dt.date.fromisoformat(self.as_of), _day(through), _day(self.periods_from), instant,
            self.content_hash, self.rows_count, self.run_id, self.compared_with, self.is_reenactment,
            self.contract_version,
            self.build,
        )  # fmt: skip

    @property
    def coverage(self) -> Rows:
        """The rows of ``_coverage`` by their key."""
        return {(self.version, name): (self.version, name, _day(day)) for name, day in self.data_through.items()}


def history_tables(
    connection: DuckDBPyConnection, home: Home, known: Sequence[Manifest], upcoming: Entry, kept: set[str]
) -> tuple[PublishedTable, PublishedTable]:
    """``_versions`` and ``_coverage`` as they stand in the version that is about to be published.

    Args:
        connection: Any connection.
        home: The home directory.
        known: The intact versions, oldest first.
        upcoming: The version that is about to be published.
        kept: Versions that will be there when it has been published.
    """
    entries = [*(Entry.of(manifest) for manifest in known), upcoming]
    listed = _carried(connection, home, known, VERSIONS, 1) | {(each.version,): each.row for each in entries}
    covered = _carried(connection, home, known, COVERAGE, 2)
    for each in entries:
        covered |= each.coverage
    width = len(VERSIONS.columns) - 1
    rows = [(*row[:width], row[0] in kept) for row in listed.values()]
    return _table(VERSIONS, rows), _table(COVERAGE, list(covered.values()))


def _carried(
    connection: DuckDBPyConnection, home: Home, known: Sequence[Manifest], table: Table, key_length: int
) -> Rows:
    """The rows of the newest version that has them, by their key."""
    for manifest in reversed(known):
        record = manifest.tables.get(table.name)
        columns = None if record is None else record.select_list(table)
        if record is None or columns is None:
            continue
        path = home.published / manifest.version / record.parquet.name
        try:
            verify_file(path, record.parquet, remember=True)
        except (CorruptFileError, FileNotFoundError):
            continue
        rows = connection.execute(f"select {columns} from read_parquet({literal(path)})").fetchall()
        return {row[:key_length]: row for row in rows}
    return {}


def _table(table: Table, rows: list[tuple[Any, ...]]) -> PublishedTable:
    return PublishedTable(
        name=table.name,
        key=table.key,
        frame=pd.DataFrame(rows, columns=list(table.column_names)),
        column_types={column.name: column.type for column in table.columns},
        column_comments={column.name: column.meaning for column in table.columns},
        comment=table.grain,
        counts_for_content=False,
    )


def build_in_words(build: Mapping[str, Any] | None) -> str | None:
    """What the manifest says about the build, in a few words."""
    if build is None:
        return None
    return str(build["kind"]) if build["kind"] == "incremental" else f"{build['kind']}: {build['why']}"


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)
