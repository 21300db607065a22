"""Whether every row of a table has a key of its own.

Belongs here: asking that of a relation, cheaply. Not here: which columns are a key (YAML of the models, ``tables``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from retention_pipeline.warehouse.sql import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def repeated_key(connection: DuckDBPyConnection, relation: str, key: Sequence[str]) -> tuple[object, ...] | None:
    """A key that two rows have, if there is one; a NULL is a value like any other.

    As many different hashes of keys as rows prove that there is none, at half the price of grouping by the key.

    Args:
        connection: Where the relation is.
        relation: Whatever can stand after FROM.
        key: Its columns.
    """
    columns = _list(key)
    counted = connection.execute(f"SELECT count(DISTINCT hash({columns})) = count(*) FROM {relation}").fetchone()
    if counted == (True,):
        return None
    return connection.execute(f"SELECT {columns} FROM {relation} GROUP BY ALL HAVING count(*) > 1 LIMIT 1").fetchone()


def keyless(connection: DuckDBPyConnection, relation: str, key: Sequence[str]) -> int:
    """How many values of the key are there more than once or lack a part; arguments as in :func:`repeated_key`."""
    columns, lacking = _list(key), " OR ".join(f"{quote(column)} IS NULL" for column in key)
    counted = connection.execute(
        f"SELECT count(DISTINCT hash({columns})) = count(*) AND count(*) FILTER (WHERE {lacking}) = 0 FROM {relation}"
    ).fetchone()
    if counted == (True,):
        return 0
    bad = f"SELECT {columns} FROM {relation} GROUP BY ALL HAVING count(*) > 1 OR {lacking}"
    row = connection.execute(f"SELECT count(*) FROM ({bad})").fetchone()
    return int(row[0]) if row else 0


def _list(key: Sequence[str]) -> str:
    return ", ".join(quote(column) for column in key)
