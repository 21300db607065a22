"""A fingerprint of a table's content that does not depend on how it came about.

Belongs here: hashing rows and schema. Not here: checksums of files (``files``), deciding what counts (``publish``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retention_pipeline.warehouse.sql import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


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
    empty text and shifted column borders all differ. The MD5 of the text is split into two 64-bit numbers and these are
    summed over the rows exactly: equal for any order of rows and any number of threads, different when a row is changed,
    dropped or repeated. Names, types and order of the columns take part. The result is the SHA-256 over all of it.

    Args:
        connection: A connection whose time zone is UTC.
        relation: Whatever can stand after FROM: a table, a quoted ``read_parquet(...)``, a query in parentheses.
    """
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    columns = tuple((str(name), str(kind)) for name, kind, *_ in described)
    text = " || ".join(
        f"coalesce(length(CAST({quote(name)} AS VARCHAR)) || ':' || CAST({quote(name)} AS VARCHAR), '-')"
        for name, _ in columns
    )
    row = connection.execute(
        "SELECT count(*), coalesce(sum(md5_number_lower(line)), 0), coalesce(sum(md5_number_upper(line)), 0)"
        f" FROM (SELECT {text} AS line FROM {relation})"
    ).fetchone()
    count, low, high = row or (0, 0, 0)
    schema = "\n".join(f"{len(name)}:{name} {kind}" for name, kind in columns)
    digest = hashlib.sha256(f"{schema}\n\n{count}\n{low}\n{high}\n".encode()).hexdigest()
    return Content(columns, int(count), digest)
