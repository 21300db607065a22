"""Pieces of SQL text, and what a passed connection says about its errors.

Belongs here: quoting, the error type of the database, telling a full disk from a bad file. Not here: statements (each
stands where it is used).
"""

from __future__ import annotations

import contextlib
import errno
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, cast

from retention_pipeline.core.errors import StorageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
_NO_SPACE_WORDS = ("no space left", "file too large", "quota", "could not write", "out of memory")


def quote(identifier: str) -> str:
    """An identifier in double quotes."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text literal in single quotes."""
    return "'" + text.replace("'", "''") + "'"


def lowered(text: str) -> str:
    """A text in lower case as the database has it: Python lowers some letters (\u0130, \u03a3) otherwise."""
    return f"lower({literal(text)})"


def exact_path(path: Path) -> str:
    """A path that a reading function of the database takes literally, not as a pattern."""
    return "".join(f"[{mark}]" if mark in "*?[" else mark for mark in str(path))


def database_errors(connection: DuckDBPyConnection) -> type[Exception]:
    """The base class of what the connection raises.

    Only ``warehouse`` imports the database library; whoever passes a connection has it loaded already.
    """
    return cast("type[Exception]", sys.modules[type(connection).__module__].Error)


@contextlib.contextmanager
def storage_errors(connection: DuckDBPyConnection) -> Iterator[None]:
    """Turn a full disk or exhausted memory inside the block into words.

    Raises:
        StorageError: There was no room.
    """
    try:
        yield
    except (OSError, database_errors(connection)) as error:
        if is_out_of_space(connection, error):
            raise StorageError(
                f"the delivery store cannot be written: {str(error).splitlines()[0]}",
                remedy="free space or memory, then run again; nothing of the deliveries under way was kept",
            ) from error
        raise


def is_out_of_space(connection: DuckDBPyConnection, error: BaseException) -> bool:
    """Whether an error is about the disk or the memory of this machine rather than about an input."""
    if isinstance(error, OSError):
        return error.errno in _NO_SPACE
    words = str(error).lower()
    return isinstance(error, database_errors(connection)) and any(sign in words for sign in _NO_SPACE_WORDS)


def one(connection: DuckDBPyConnection, sql: str, parameters: object = None) -> tuple[object, ...]:
    """The only row of a query that always has one."""
    row = connection.execute(sql, parameters).fetchone()
    if row is None:
        raise LookupError("a query that always has a row had none")
    return cast("tuple[object, ...]", row)
