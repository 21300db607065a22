"""The connection a gate reads through: read-only, in UTC, closed when the gate is over.

Belongs here: opening and closing. Not here: Great Expectations (``great``), checks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.core import scratch
from retention_pipeline.core.errors import StorageError
from retention_pipeline.core.interrupts import interruptible
from retention_pipeline.core.memory import memory_limit

if TYPE_CHECKING:
    from sqlalchemy import Connection

_ALIAS = "gated"
_DIALECT = "duckdb.duckdb_engine"


@contextmanager
def open_database(database: Path, attach: Mapping[str, Path]) -> Iterator[Connection]:
    """Open ``database`` for reading, beside other files under their aliases, and close everything afterwards.

    The files are attached to an in-memory database, so that nothing is written beside them and no path needs URL
    escaping. DuckDB lets a process open a file only once: nobody else in it may hold one of these files.

    Raises:
        StorageError: A file cannot be opened.
    """
    import sqlalchemy

    # By its own name: another package may have claimed SQLAlchemy's plain "duckdb".
    sqlalchemy.dialects.registry.register(_DIALECT, "duckdb_engine", "Dialect")
    engine = sqlalchemy.create_engine("duckdb+duckdb_engine:///:memory:", poolclass=sqlalchemy.StaticPool)
    try:
        with engine.connect() as connection:
            if (held := connection.connection.driver_connection) is not None:
                interruptible(held)
            try:
                for statement in _opening_statements(database, attach):
                    connection.exec_driver_sql(statement)
                connection.commit()
            except sqlalchemy.exc.DBAPIError as error:
                raise StorageError(f"{database}: cannot be opened for its checks: {error.orig}") from None
            yield connection
    finally:
        engine.dispose()


def table_exists(connection: Connection, table: str) -> bool:
    """Whether ``schema.table`` is a table or view of the opened database."""
    schema, name = table.split(".")
    connection.rollback()  # a check of the table before may have raised
    found = connection.exec_driver_sql(
        "select 1 from information_schema.tables"
        f" where table_catalog = '{_ALIAS}' and table_schema = '{schema}' and table_name = '{name}'"
    ).fetchone()
    connection.rollback()
    return found is not None


def _opening_statements(database: Path, attach: Mapping[str, Path]) -> list[str]:
    files = {**attach, _ALIAS: database}
    return [
        "set autoinstall_known_extensions = false",
        f"set temp_directory = {_quoted(str(scratch.of_checks(database)))}",
        "set TimeZone = 'UTC'",
        f"set memory_limit = {_quoted(memory_limit())}",
        *(f'attach {_quoted(str(path))} as "{alias}" (read_only)' for alias, path in files.items()),
        f"use {_ALIAS}",
    ]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
