"""The files of one version: Parquet per table, one database, and the proof that they hold what was built.

Belongs here: writing tables into a folder and reading them back. Not here: naming the folder, making it current.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pandas as pd

from retention_pipeline.core.errors import CorruptFileError, GateFailedError
from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.warehouse import files
from retention_pipeline.warehouse.connection import duckdb_errors
from retention_pipeline.warehouse.grain import repeated_key
from retention_pipeline.warehouse.hashing import Content, measure
from retention_pipeline.warehouse.manifest import DATABASE, FileRecord, TableRecord
from retention_pipeline.warehouse.ordered import insert_ordered
from retention_pipeline.warehouse.sql import literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_LOSSY_IN_PARQUET = ("HUGEINT", "UHUGEINT", "ENUM", "BIT", "TIMESTAMP_S", "TIMESTAMP_MS")
_STORAGE_VERSION = "v1.2.0"
"""Readable by every DuckDB since 1.2, not only by the one that wrote it."""


@dataclass(frozen=True)
class PublishedTable:
    """One table of a version: where its rows come from and how it is described.

    Exactly one of ``sql`` (a query over the build connection) and ``frame`` is given. ``column_types``, where given,
    names exactly the table's columns, and values are cast to these types. Rows alike in ``cluster_by`` are written
    together. ``key_proven`` says that a gate has looked for repeated keys in these very rows.
    """

    name: str
    key: tuple[str, ...]
    sql: str | None = None
    frame: pd.DataFrame | None = None
    comment: str = ""
    column_types: Mapping[str, str] = field(default_factory=dict)
    column_comments: Mapping[str, str] = field(default_factory=dict)
    counts_for_content: bool = True
    cluster_by: tuple[str, ...] = ()
    key_proven: bool = False

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} cannot be the name of a table and of a file")
        if not self.key:
            raise ValueError(f"{self.name}: a key is needed, it gives the order of the rows")
        if (self.sql is None) == (self.frame is None):
            raise ValueError(f"{self.name}: give either sql or frame")

    @property
    def parquet(self) -> str:
        """The name of its Parquet file."""
        return f"{self.name}.parquet"


@contextlib.contextmanager
def relation(connection: DuckDBPyConnection, table: PublishedTable) -> Iterator[str]:
    """The rows of a table, cast to the declared types, as something that can stand after FROM."""
    if table.frame is None:
        yield _cast(connection, table, f"({table.sql})")
        return
    view = f"frame_of_{table.name}"
    connection.register(view, table.frame)
    try:
        yield _cast(connection, table, quote(view))
    finally:
        connection.unregister(view)


def _cast(connection: DuckDBPyConnection, table: PublishedTable, source: str) -> str:
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
    types = {str(name): str(kind) for name, kind, *_ in described}
    if table.column_types:
        if set(table.column_types) != set(types):
            differing = ", ".join(sorted(set(table.column_types) ^ set(types)))
            raise ValueError(f"{table.name}: declared and real columns differ: {differing}")
        types = dict(table.column_types)
    elif table.frame is not None:
        # a column of nothing but None has no type of its own; DuckDB would call it INTEGER
        empty = [name for name in types if table.frame[name].dtype == object and table.frame[name].isna().all()]
        types |= dict.fromkeys(empty, "VARCHAR")
    for name, kind in types.items():
        if kind.startswith(_LOSSY_IN_PARQUET):
            raise ValueError(f"{table.name}: column {name} is {kind}, which Parquet does not keep; cast it")
    casts = ", ".join(f"CAST({quote(name)} AS {kind}) AS {quote(name)}" for name, kind in types.items())
    return f"(SELECT {casts} FROM {source})"


def measure_table(connection: DuckDBPyConnection, table: PublishedTable) -> Content:
    """Count and fingerprint the rows of a table as built.

    Raises:
        GateFailedError: Two rows have the same key, so their order would be left to chance.
    """
    with relation(connection, table) as rows:
        repeated = None if table.key_proven else repeated_key(connection, rows, table.key)
        if repeated is not None:
            named = ", ".join(f"{column} = {value}" for column, value in zip(table.key, repeated, strict=True))
            raise GateFailedError(f"{table.name}: more than one row with {named}; nothing was published")
        return measure(connection, rows)


def write_tables(
    connection: DuckDBPyConnection,
    tables: list[PublishedTable],
    built: Mapping[str, Content],
    folder: Path,
    macros: Sequence[str] = (),
) -> None:
    """Write the database, each table in its order, then its tables as Parquet files."""
    database = folder / DATABASE
    with _release(connection, database, "READ_WRITE", f"STORAGE_VERSION {literal(_STORAGE_VERSION)}"):
        connection.execute("SET preserve_insertion_order = true")
        with duckdb_errors(database):
            _write_database(connection, tables, built, macros)
        for table in tables:
            path = folder / table.parquet
            with duckdb_errors(path):
                connection.execute(f"COPY {_released(table)} TO {literal(path)} (FORMAT parquet, COMPRESSION zstd)")
                _settle(path)
            failpoint("publish.after_parquet")
    if database.with_name(database.name + ".wal").exists():
        raise CorruptFileError(f"{database} was not closed completely: its log is still there; nothing was published")
    _settle(database)


def _write_database(
    connection: DuckDBPyConnection, tables: list[PublishedTable], built: Mapping[str, Content], macros: Sequence[str]
) -> None:
    connection.execute("BEGIN")  # each of a thousand comments would else be made durable on its own
    for table in tables:
        name = _released(table)
        with relation(connection, table) as rows:
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM {rows} WITH NO DATA")
            count = built[table.name].rows
            insert_ordered(connection, name, rows, cluster_by=table.cluster_by, key=table.key, count=count)
        if table.comment:
            connection.execute(f"COMMENT ON TABLE {name} IS {literal(table.comment)}")
        for column, meaning in table.column_comments.items():
            connection.execute(f"COMMENT ON COLUMN {name}.{quote(column)} IS {literal(meaning)}")
    connection.execute("USE release")  # a macro finds its tables where it is created
    for macro in macros:
        connection.execute(macro)
    connection.execute("COMMIT")
    failpoint("publish.before_checkpoint")
    connection.execute("CHECKPOINT release")


def _released(table: PublishedTable) -> str:
    return f"release.main.{quote(table.name)}"


@contextlib.contextmanager
def _release(connection: DuckDBPyConnection, path: Path, *options: str) -> Iterator[None]:
    """The version's database, attached to the connection to what it is made of: both share one limit of memory."""
    (before,) = connection.execute("SELECT current_database()").fetchall()
    with duckdb_errors(path):
        connection.execute(f"ATTACH {literal(path)} AS release ({', '.join(options)})")
    try:
        yield
    finally:
        for statement in ("ROLLBACK", f"USE {quote(before[0])}", "DETACH release"):  # the first after a failure only
            with contextlib.suppress(duckdb.Error):
                connection.execute(statement)


def _settle(path: Path) -> None:
    path.chmod(files.SHARED_FILE)
    files.fsync_path(path)


def read_back(
    connection: DuckDBPyConnection, tables: list[PublishedTable], built: Mapping[str, Content], folder: Path
) -> dict[str, TableRecord]:
    """Read every table back, from Parquet and from the database, and compare it with what was built.

    Raises:
        CorruptFileError: A file does not hold what was built.
    """
    records = {}
    with _release(connection, folder / DATABASE, "READ_ONLY"):
        for table in tables:
            path = folder / table.parquet
            content = built[table.name]
            for place, source in ((path, f"read_parquet({literal(path)})"), (folder / DATABASE, _released(table))):
                with duckdb_errors(place):
                    found = measure(connection, source)
                if found != content:
                    raise CorruptFileError(f"{place}: {table.name} is not what was built; nothing was published")
            records[table.name] = TableRecord(
                content.rows, content.content_hash, table.counts_for_content, table.key, content.columns,
                FileRecord.of(path),
            )  # fmt: skip
    return records
