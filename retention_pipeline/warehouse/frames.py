"""Data frames out of and into tables.

Belongs here: the translation of types in both directions. Not here: what a frame means.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from retention_pipeline.core.tables import Table
from retention_pipeline.warehouse.sql import quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
_HUGE = {"HUGEINT", "UHUGEINT", "UBIGINT"}
_EXACT_IN_FLOAT = 2.0**53


def read_frame(connection: DuckDBPyConnection, sql: str, parameters: Sequence[object] = ()) -> pd.DataFrame:
    """The result of a query as a data frame.

    Types: DECIMAL becomes float64; integers become int64, or ``Int64`` when there are NULLs; HUGEINT likewise;
    DATE and TIMESTAMP become datetime64[us]; BOOLEAN becomes bool, or ``boolean`` when there are NULLs.

    Raises:
        OverflowError: A HUGEINT beyond 2^53, which a frame could only hold inexactly.
    """
    cursor = connection.execute(sql, list(parameters))
    types = {name: str(kind) for name, kind, *_ in cursor.description or []}
    frame = cursor.df()
    for name, kind in types.items():
        if kind in _HUGE:
            if (frame[name].astype("float64").abs() > _EXACT_IN_FLOAT).any():
                raise OverflowError(f"column {name} ({kind}) holds a number beyond 2^53; cast it in the query")
            frame[name] = frame[name].astype("Int64")
        if kind in _WHOLE | _HUGE:
            frame[name] = frame[name].astype("Int64" if frame[name].isna().any() else "int64")
    return frame


def write_frame(connection: DuckDBPyConnection, table: Table, frame: pd.DataFrame, name: str | None = None) -> None:
    """Replace a table by a frame, in one transaction.

    Args:
        connection: A connection that may write.
        table: Schema, name, columns and key; rows are written in the order of the key, values cast to its types.
        frame: Exactly the columns of ``table``, in any order. NaN, NaT and None become NULL.
        name: Another name for the table, in the same schema and shape.

    Raises:
        ValueError: Columns are missing or unknown, or a number is infinite.
    """
    _check_columns(table, frame)
    _check_finite(table, frame)
    target = dataclasses.replace(table, name=name) if name is not None else table
    casts = ", ".join(f"CAST({quote(column.name)} AS {column.type})" for column in target.columns)
    order = ", ".join(f"{quote(column)} NULLS LAST" for column in target.key)
    connection.execute("BEGIN")
    try:
        connection.register("frame_to_write", frame)
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {target.schema}")
        connection.execute(f"DROP TABLE IF EXISTS {target.qualified}")
        connection.execute(target.ddl)
        connection.execute(f"INSERT INTO {target.qualified} SELECT {casts} FROM frame_to_write ORDER BY {order}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    finally:
        connection.unregister("frame_to_write")


def _check_columns(table: Table, frame: pd.DataFrame) -> None:
    expected, found = set(table.column_names), [str(column) for column in frame.columns]
    problems = [f"{kind} {', '.join(names)}" for kind, names in (
        ("missing", sorted(expected - set(found))),
        ("unknown", sorted(set(found) - expected)),
        ("repeated", sorted({name for name in found if found.count(name) > 1})),
    ) if names]  # fmt: skip
    if problems:
        raise ValueError(f"{table.qualified}: the frame's columns differ: {'; '.join(problems)}")


def _check_finite(table: Table, frame: pd.DataFrame) -> None:
    for column in frame.select_dtypes(include="number").columns:
        if np.isinf(frame[column].to_numpy(dtype="float64", na_value=np.nan)).any():
            raise ValueError(f"{table.qualified}: column {column} holds an infinite number")
