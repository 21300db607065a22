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
_BY_PRODUCTS = {"__pycache__", "target", "logs", "dbt_packages", "_bundled"}


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

    Each row becomes two 64-bit numbers by DuckDB's own hash, with another word before its values each time, and these
    are summed over the rows exactly: equal for any order of rows and any number of threads, different when a row is
    changed, dropped or repeated. A row's hash is hashed once more, because DuckDB joins the hashes of columns by XOR:
    without it two rows that swap the value of their last column come to the same sum once in some 10^8 times (3/4 for
    each of 64 bits). Names, types and
    order of the columns take part. The result is the SHA-256 of it all.

    It tells contents apart that one version of DuckDB reads; another version may hash otherwise.

    Args:
        connection: A connection whose time zone is UTC.
        relation: Whatever can stand after FROM: a table, a quoted ``read_parquet(...)``, a query in parentheses.
    """
    columns = _columns(connection, relation)
    names = ", ".join(quote(name) for name, _ in columns)
    sums = ", ".join(f"coalesce(sum(hash(hash('{word}', {names}))), 0)" for word in ("one", "two"))
    row = connection.execute(f"SELECT count(*), {sums} FROM {relation}").fetchone()
    count, one, two = row or (0, 0, 0)
    schema = "\n".join(f"{len(name)}:{name} {kind}" for name, kind in columns)
    digest = hashlib.sha256(f"{schema}\n\n{count}\n{one}\n{two}\n".encode()).hexdigest()
    return Content(columns, int(count), digest)


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
