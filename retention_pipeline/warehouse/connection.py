"""DuckDB connections: one time zone, no downloads, errors in words.

Belongs here: opening a database file, translating what DuckDB says. Not here: what is in the file.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb

from retention_pipeline.core import scratch
from retention_pipeline.core.errors import BusyError, CorruptFileError, RetentionError, StorageError
from retention_pipeline.core.interrupts import interruptible
from retention_pipeline.core.memory import memory_limit, no_memory
from retention_pipeline.warehouse.files import os_errors
from retention_pipeline.warehouse.sql import literal

_NEWEST_FORMAT = "v1.5.0"
_FULL = ("no space left", "file too large", "quota exceeded")
_CORRUPT = ("corrupt", "checksum", "not a valid duckdb", "could not read enough bytes", "failed to load", "magic bytes")
_STORAGE = (
    "permission denied", "read-only file system", "could not write", "could not create", "could not fsync",
    "cannot open file", "does not exist", "is a directory", "no such file",
)  # fmt: skip
_BUSY = ("could not set lock", "different configuration than existing", "unique file handle conflict")
_ABOUT_FILES = (
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.TransactionException,
    duckdb.SerializationException,
)
_ABOUT_CONNECTIONS = (duckdb.IOException, duckdb.ConnectionException, duckdb.BinderException)


def connect(path: Path | None, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open a database file.

    Args:
        path: The file; ``None`` for a database in memory.
        read_only: Open without the right to write; several processes may do so at once.

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
        connection.execute("SET memory_limit = ?", [memory_limit()])
        connection.execute("SET enable_progress_bar = false")  # it would be drawn into the output of a night's run
        interruptible(connection)
        if read_only or path is None:
            _spill_elsewhere(connection)
    return connection


def create(path: Path) -> None:
    """Make an empty database file in the newest format, for files that nobody but this installation reads.

    The format of a file is fixed when it is made. DuckDB's default is one that releases of years ago can read; the
    newest writes columns of text for half the cost.

    Raises:
        StorageError: The file cannot be created: no space, no permission.
    """
    in_memory = connect(None)
    try:
        with duckdb_errors(path):
            in_memory.execute(f"ATTACH {literal(path)} AS made (STORAGE_VERSION {literal(_NEWEST_FORMAT)})")
            in_memory.execute("DETACH made")
    finally:
        in_memory.close()


def _spill_elsewhere(connection: duckdb.DuckDBPyConnection) -> None:
    """Let large queries spill to the system's scratch space.

    The default lies beside the file, which a reader must not write to (in memory: in the working directory). It can
    only be set before it has been used, and connections of one process to one file share it.
    """
    wanted = str(scratch.of_readers())
    row = connection.execute("SELECT current_setting('temp_directory')").fetchone()
    if row is None or row[0] != wanted:
        connection.execute("SET temp_directory = ?", [wanted])


def release_process_caches() -> None:
    """Close the connection that dbt, run inside this process, keeps open afterwards; else the file stays taken."""
    if "dbt.adapters.duckdb.connections" not in sys.modules:
        return
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    environment = DuckDBConnectionManager._ENV
    DuckDBConnectionManager.close_all_connections()
    if environment is not None:
        environment.close()


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
    text = str(error).strip()
    if isinstance(error, duckdb.OutOfMemoryException):
        return no_memory(path, text)
    if isinstance(error, _ABOUT_CONNECTIONS) and _says(text, _BUSY):
        holder = re.search(r"PID (\d+)", text)
        by = f"process {holder.group(1)}" if holder else "another connection of this process"
        return BusyError(f"{path} is in use by {by}", remedy="wait for it to end, or end it, then run again")
    return _about_file(text, path) if isinstance(error, _ABOUT_FILES) else None


def translate_any(error: BaseException, path: Path) -> RetentionError | None:
    """The same for an error that may be another library's."""
    return translate(error, path) if isinstance(error, duckdb.Error) else None


def translate_text(text: str, path: Path) -> RetentionError | None:
    """The same for a message that a library made of DuckDB's; only what DuckDB says of files and memory counts."""
    if "out of memory" in text.lower():
        return no_memory(path, text)
    return _about_file(text, path) if re.search(r"\b(IO|FATAL|Serialization) Error\b", text) else None


def _about_file(text: str, path: Path) -> RetentionError | None:
    detail = text.strip().partition("\n")[0]
    if _says(text, _FULL):
        return StorageError(f"{path}: no space left ({detail})", remedy="free space, then run again")
    if _says(text, _CORRUPT):
        remedy = "restore the file from a backup; a build file may simply be deleted"
        return CorruptFileError(f"{path} is damaged: {detail}", remedy=remedy)
    if _says(text, _STORAGE):
        return StorageError(f"{path}: {detail}", remedy="check that the path exists, owner, mode and space")
    return None


def _says(text: str, signs: tuple[str, ...]) -> bool:
    return any(sign in text.lower() for sign in signs)
