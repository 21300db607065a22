"""Erased persons in the tables of the product: the store and the published versions.

Their files are compressed, so that a search through the bytes would find nothing; here every text of every table is
looked at.
Belongs here: asking tables. Not here: files that are no tables (``traces``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.core.erased import Erased
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import versions
from retention_pipeline.warehouse.connection import connect, duckdb_errors
from retention_pipeline.warehouse.manifest import DATABASE
from retention_pipeline.warehouse.sql import literal, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HASH = "[0-9a-f]{32}"


def hits_in_tables(home: Home, erased: Erased) -> int:
    """How many columns of the store and of the published versions hold an erased customer."""
    folders = [home.published / name for name in versions.version_names(home)]
    databases = [path for path in (home.store, *(folder / DATABASE for folder in folders)) if path.exists()]
    parquet = [path for folder in folders for path in sorted(folder.glob("*.parquet"))]
    return sum(_in_database(path, erased) for path in databases) + sum(_in_parquet(path, erased) for path in parquet)


def rows_that_hold(folder: Path, customer_hashes: Sequence[str]) -> dict[str, dict[str, int]]:
    """Rows of a published version by table that hold each of these customers."""
    found: dict[str, dict[str, int]] = {}
    with connect(folder / DATABASE, read_only=True) as connection:
        for table, column in _text_columns(connection):
            rows = connection.execute(
                f"SELECT {quote(column)}, count(*) FROM {table}"
                f" WHERE {quote(column)} IN (SELECT unnest(?::VARCHAR[])) GROUP BY 1",
                [list(customer_hashes)],
            ).fetchall()
            name = table.replace('"', "").removeprefix("main.")
            for customer, count in rows:
                counts = found.setdefault(customer, {})
                counts[name] = counts.get(name, 0) + int(count)
    return found


def _in_database(path: Path, erased: Erased) -> int:
    with duckdb_errors(path), connect(path, read_only=True) as connection:
        return sum(_holds(connection, table, column, erased) for table, column in _text_columns(connection))


def _in_parquet(path: Path, erased: Erased) -> int:
    with duckdb_errors(path), connect(None) as connection:
        source = f"read_parquet({literal(path)})"
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        names = [str(name) for name, kind, *_ in described if kind == "VARCHAR"]
        return sum(_holds(connection, source, name, erased) for name in names)


def _text_columns(connection: DuckDBPyConnection) -> list[tuple[str, str]]:
    rows = connection.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns()"
        " WHERE database_name = current_database() AND data_type = 'VARCHAR' AND NOT internal ORDER BY ALL"
    ).fetchall()
    return [(f"{quote(schema)}.{quote(table)}", column) for schema, table, column in rows]


def _holds(connection: DuckDBPyConnection, table: str, column: str, erased: Erased) -> bool:
    """Whether a column holds a hash of an erased customer, alone or within a longer text."""
    rows = connection.execute(
        f"SELECT DISTINCT unnest(regexp_extract_all({quote(column)}, '{_HASH}')) FROM {table}"
    ).fetchall()
    return any(erased.is_person(value) for (value,) in rows)
