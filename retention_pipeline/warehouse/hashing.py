"""Fingerprints of contents that do not depend on how these came about: of a table, of a folder of program text.

Belongs here: how rows, schemas and folders are hashed. Not here: deciding what counts (``publish``, ``fingerprints``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retention_pipeline.warehouse.sql import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PROGRAM_TEXT = {".py", ".sql", ".yml", ".yaml", ".json", ".csv", ".md"}
_LOW_HALF = 2**64 - 1
_BY_PRODUCTS = {"__pycache__", "target", "logs", "dbt_packages", "_bundled"}


@dataclass(frozen=True)
class Glance:
    """Enough to tell within one process whether two tables are equal; its numbers mean nothing elsewhere."""

    columns: tuple[tuple[str, str], ...]
    rows: int
    total: int
    """Sum over the rows of DuckDB's own hash, which is fast and may change with DuckDB's version."""


@dataclass(frozen=True)
class Content:
    """What is in a table: columns with their types in order, number of rows, fingerprint."""

    columns: tuple[tuple[str, str], ...]
    rows: int
    content_hash: str


def content_hash(connection: DuckDBPyConnection, qualified_table: str) -> str:
    """The fingerprint of a table; see :func:`measure`."""
    return measure(connection, qualified_table).content_hash


def measure(connection: DuckDBPyConnection, relation: str) -> Content:
    """Count and fingerprint the rows of a table.

    Each row becomes one text: per column ``-`` for NULL, else the length and the text of the value, so that NULL, the
    empty text and shifted column borders all differ. The MD5 of the text is split into two 64-bit numbers and these
    are summed over the rows exactly: equal for any order of rows and any number of threads, different when a row is
    changed, dropped or repeated. Names, types and order of the columns take part. The result is the SHA-256 of it all.

    Args:
        connection: A connection whose time zone is UTC.
        relation: Whatever can stand after FROM: a table, a quoted ``read_parquet(...)``, a query in parentheses.
    """
    columns = _columns(connection, relation)
    text = ", ".join(_as_text(name, kind) for name, kind in columns)
    # the two halves as md5_number_lower and md5_number_upper would give them, of one MD5 instead of two
    row = connection.execute(
        f"SELECT count(*), coalesce(sum(CAST(digest >> 64 AS UBIGINT)), 0),"
        f" coalesce(sum(CAST(digest & {_LOW_HALF}::UHUGEINT AS UBIGINT)), 0)"
        f" FROM (SELECT md5_number(concat({text})) AS digest FROM {relation})"
    ).fetchone()
    count, low, high = row or (0, 0, 0)
    schema = "\n".join(f"{len(name)}:{name} {kind}" for name, kind in columns)
    digest = hashlib.sha256(f"{schema}\n\n{count}\n{low}\n{high}\n".encode()).hexdigest()
    return Content(columns, int(count), digest)


def _as_text(name: str, kind: str) -> str:
    """A column's part of a row's text, as arguments of ``concat``, which copies the text once and skips NULLs."""
    column = quote(name)
    if kind == "BOOLEAN":
        return f"CASE WHEN {column} THEN '4:true' WHEN NOT {column} THEN '5:false' ELSE '-' END"
    text = f"CAST({column} AS VARCHAR)"
    return f"coalesce(CAST(length({text}) AS VARCHAR), '-'), CASE WHEN {column} IS NOT NULL THEN ':' END, {text}"


def glance(connection: DuckDBPyConnection, relation: str) -> Glance:
    """A table at a glance: some ten times cheaper than :func:`measure`, for comparing copies of the same table."""
    columns = _columns(connection, relation)
    names = ", ".join(quote(name) for name, _ in columns)
    row = connection.execute(f"SELECT count(*), coalesce(sum(hash({names})), 0) FROM {relation}").fetchone()
    count, total = row or (0, 0)
    return Glance(columns, int(count), int(total))


def _columns(connection: DuckDBPyConnection, relation: str) -> tuple[tuple[str, str], ...]:
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return tuple((str(name), str(kind)) for name, kind, *_ in described)


def directory_hash(folder: Path) -> str:
    """SHA-256 over names and contents of the program text below a folder, whatever the folder itself is called.

    Hidden files and by-products (compiled code, dbt's target and logs) do not take part.
    """
    parts = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        left_out = any(part in _BY_PRODUCTS or part.startswith(".") for part in relative.parts)
        if path.suffix in _PROGRAM_TEXT and not left_out and path.is_file():
            parts += [relative.as_posix(), hashlib.sha256(path.read_bytes()).hexdigest()]
    return combine(parts)


def combine(parts: Iterable[str]) -> str:
    """SHA-256 over a sequence of texts, each one delimited."""
    return hashlib.sha256("".join(f"{len(part)}:{part}\n" for part in parts).encode()).hexdigest()
