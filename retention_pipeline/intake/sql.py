"""Pieces of SQL text, and what a passed connection says about its errors.

Belongs here: quoting, the error type of the database. Not here: statements (each stands where it is used).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def quote(identifier: str) -> str:
    """An identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text literal in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def exact_path(path: Path) -> str:
    """A path that a reading function of the database takes literally, not as a pattern."""
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path))


def database_errors(connection: DuckDBPyConnection) -> type[Exception]:
    """The base class of what the connection raises.

    Only ``warehouse`` imports the database library; whoever passes a connection has it loaded already.
    """
    return cast("type[Exception]", sys.modules[type(connection).__module__].Error)


def one(connection: DuckDBPyConnection, sql: str, parameters: object = None) -> tuple[object, ...]:
    """The only row of a query that always has one."""
    row = connection.execute(sql, parameters).fetchone()
    if row is None:
        raise LookupError("a query that always has a row had none")
    return cast("tuple[object, ...]", row)
