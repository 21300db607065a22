"""DuckDB connections: one time zone, no downloads, errors in words.

Belongs here: opening a database file, translating what DuckDB says. Not here: what is in the file.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb

from retention_pipeline.core.errors import BusyError, CorruptFileError, RetentionError, StorageError
from retention_pipeline.warehouse.files import os_errors

_BUSY = ("could not set lock", "conflicting lock", "different configuration than existing", "already attached")
_CORRUPT = (
    "corrupt", "checksum", "not a valid duckdb", "could not read enough bytes", "failed to load", "no magic bytes",
    "invalid input error: file",
)  # fmt: skip
_STORAGE = (
    "no space left", "file too large", "quota exceeded", "permission denied", "read-only file system",
    "could not write", "could not create", "could not fsync", "cannot open file", "does not exist", "is a directory",
    "no such file",
)  # fmt: skip


def connect(
    path: Path | None, *, read_only: bool = False, memory_limit: str | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a database file.

    Args:
        path: The file; ``None`` for a database in memory.
        read_only: Open without the right to write; several processes may do so at once.
        memory_limit: Upper bound such as ``"2GB"``; DuckDB's default (80 % of the machine) when omitted.

    Raises:
        BusyError: Another process, or another part of this one, has the file open in a conflicting way.
        StorageError: The file is missing or cannot be created: no space, no permission.
        CorruptFileError: The file is damaged or not a DuckDB database.
    """
    with duckdb_errors(path):
        connection = duckdb.connect(":memory:" if path is None else str(path), read_only=read_only)
        # by SET and not by configuration: connections of one process to one file must have equal configurations
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET autoinstall_known_extensions = false")
        if read_only:
            # the default lies beside the file, which a reader may not and must not write to
            scratch = Path(tempfile.gettempdir()) / f"retention-{os.getuid()}-{os.getpid()}.tmp"
            connection.execute("SET temp_directory = ?", [str(scratch)])
        if memory_limit is not None:
            connection.execute("SET memory_limit = ?", [memory_limit])
    return connection


@contextlib.contextmanager
def duckdb_errors(path: Path | None) -> Iterator[None]:
    """Turn storage failures inside the block (DuckDB's or the OS's) into the errors of this product.

    Other DuckDB errors (syntax, types, constraints) are left as they are: they are not about the file.
    """
    where = path if path is not None else Path("memory")
    with os_errors(where):
        try:
            yield
        except duckdb.Error as error:
            translated = translate(error, where)
            if translated is None:
                raise
            raise translated from error


def translate(error: duckdb.Error, path: Path) -> RetentionError | None:
    """What a DuckDB error means for the user; ``None`` when it says nothing about storage."""
    text = str(error)
    if isinstance(error, duckdb.OutOfMemoryException):
        return StorageError(f"{path}: not enough memory ({_first_line(text)})", remedy="give the process more memory")
    if not isinstance(
        error, duckdb.IOException | duckdb.ConnectionException | duckdb.FatalException | duckdb.TransactionException
        | duckdb.SerializationException | duckdb.BinderException | duckdb.InvalidInputException
    ):  # fmt: skip
        return None
    lowered = text.lower()
    if any(sign in lowered for sign in _BUSY):
        holder = re.search(r"PID (\d+)", text)
        by = f"process {holder.group(1)}" if holder else "another connection of this process"
        return BusyError(f"{path} is in use by {by}", remedy="wait for it to end, or end it, then run again")
    if isinstance(error, duckdb.BinderException):
        return None
    if any(sign in lowered for sign in ("no space left", "file too large", "quota exceeded")):
        return StorageError(f"{path}: no space left ({_first_line(text)})", remedy="free space, then run again")
    if any(sign in lowered for sign in _CORRUPT):
        return CorruptFileError(
            f"{path} is damaged: {_first_line(text)}",
            remedy="restore the file from a backup; a build file may simply be deleted",
        )
    if any(sign in lowered for sign in _STORAGE):
        return StorageError(f"{path}: {_first_line(text)}", remedy="check that the path exists, owner, mode and space")
    return None


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "no further detail"
