"""Rows written in a total order, part by part, so that sorting them needs no more memory than there is.

Belongs here: which parts, in which order. Not here: what is written where (``release``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from retention_pipeline.core.memory import memory_bytes
from retention_pipeline.warehouse.sql import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_ROW_BYTES = 200
"""Of a row that is being sorted; measured for ``fct_customer_period``, the largest table: 160."""
_SAMPLED = 2_000

Condition = tuple[str, list[Any]]
"""A condition with its parameters."""


def insert_ordered(
    connection: DuckDBPyConnection,
    target: str,
    rows: str,
    *,
    cluster_by: tuple[str, ...],
    key: tuple[str, ...],
    count: int,
    at_once: int | None = None,
) -> None:
    """Append rows to a table, sorted by ``cluster_by`` and then by their key.

    DuckDB sorts what does not fit into memory on disk, which takes more space there than the sorted rows will. So
    more rows than fit are sorted by parts, each of which comes after the one before.

    Args:
        connection: Reads the rows and writes the table.
        target: The table.
        rows: What stands after FROM.
        cluster_by: Columns of a handful of values each: there is a part for each combination.
        key: Columns that identify a row; values of the first one are many, where rows are.
        count: How many rows there are.
        at_once: How many may be sorted together; by default as many as half of the memory holds.
    """
    order = ", ".join(f"{quote(column)} NULLS LAST" for column in dict.fromkeys((*cluster_by, *key)))
    most = at_once or memory_bytes() // 2 // _ROW_BYTES
    parts = [("true", [])] if count <= most else _parts(connection, rows, cluster_by, key[0], most)
    for condition, values in parts:
        connection.execute(f"INSERT INTO {target} SELECT * FROM {rows} WHERE {condition} ORDER BY {order}", values)


def _parts(
    connection: DuckDBPyConnection, rows: str, cluster_by: tuple[str, ...], first: str, most: int
) -> Iterator[Condition]:
    """Conditions that hold for each row once, in the order of the rows."""
    columns = "".join(f"{quote(column)}, " for column in cluster_by)
    order = "ORDER BY ALL NULLS LAST" if cluster_by else ""
    groups = connection.execute(f"SELECT {columns}count(*) FROM {rows} GROUP BY ALL {order}").fetchall()
    for *values, size in groups:
        alike = [_equal(column, value) for column, value in zip(cluster_by, values, strict=True)]
        within = _all([*alike, ("true", [])])
        for part in _ranges(first, _bounds(connection, rows, within, first, parts=-(-size // most))):
            yield _all([within, part])


def _bounds(connection: DuckDBPyConnection, rows: str, within: Condition, first: str, parts: int) -> list[Any]:
    """Values that divide rows into about equal parts; their choice decides about memory, not about the order."""
    if parts < 2:
        return []
    condition, values = within
    sample = f"SELECT {quote(first)} AS value FROM {rows} WHERE {condition}"
    drawn = connection.execute(
        f"SELECT value FROM (SELECT * FROM ({sample}) USING SAMPLE {_SAMPLED} ROWS) WHERE value IS NOT NULL ORDER BY 1",
        values,
    ).fetchall()
    return sorted({drawn[len(drawn) * part // parts][0] for part in range(1, parts) if drawn})


def _ranges(column: str, bounds: list[Any]) -> Iterator[Condition]:
    """Half-open ranges between the bounds; rows without a value come last."""
    name = quote(column)
    if not bounds:
        yield "true", []
        return
    yield f"{name} < ?", [bounds[0]]
    for low, high in itertools.pairwise(bounds):
        yield f"{name} >= ? AND {name} < ?", [low, high]
    yield f"({name} >= ? OR {name} IS NULL)", [bounds[-1]]


def _equal(column: str, value: Any) -> Condition:
    return (f"{quote(column)} IS NULL", []) if value is None else (f"{quote(column)} = ?", [value])


def _all(conditions: list[Condition]) -> Condition:
    return " AND ".join(text for text, _ in conditions), [value for _, values in conditions for value in values]
