"""Seals of the private files: what the store and the build file were when their last writer let go of them.

Belongs here: writing a seal, comparing with it, reading every block of a file that has none. Not here: when to do so
(``lock``), published files (``manifest``).

A seal is ``closed`` with size and SHA-256 of the file, or ``open`` while a writer is at work. A writer that was killed
leaves it open: then DuckDB's own checksums, one for each block, must vouch for the file, and every block is read. The
build file is as disposable as a seal of it that does not fit: both go, and the run builds it anew.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import files
from retention_pipeline.warehouse.connection import connect, translate
from retention_pipeline.warehouse.manifest import FileRecord
from retention_pipeline.warehouse.sql import quote
from retention_pipeline.warehouse.verify import verify_file

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_OPEN: dict[str, Any] = {"state": "open"}


@dataclass(frozen=True)
class Seal:
    """What is noted about one file; ``record`` is None while a writer is, or was when it died, at work."""

    record: FileRecord | None


def seal_path(database: Path) -> Path:
    """Where the seal of a file is kept."""
    return database.with_name(database.name + ".seal")


def read_seal(database: Path) -> Seal | None:
    """The seal of a file; None where there is none that can be understood (another home's file, an older program)."""
    try:
        content = json.loads(seal_path(database).read_text(encoding="ascii"))
        return Seal(FileRecord(**content["record"]) if content["state"] == "closed" else None)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def begin(home: Home) -> None:
    """A writer begins: compare both files with their seals, then open these. To be called under the writer lock.

    Raises:
        CorruptFileError: The store is not what its last writer left.
        StorageError: A seal cannot be written.
    """
    verify_store(home, heal_log=True)
    if build_damage(home) is not None:
        discard_build(home)
    for database in (home.store, home.build):
        break_seal(database)


def finish(home: Home) -> None:
    """A writer lets go: note what the files are now. One that somebody still has open keeps its open seal."""
    for database in (home.store, home.build):
        if not database.exists() or _log(database).exists():
            continue
        files.fsync_path(database)
        failpoint("seal.before_close")
        content = {"state": "closed", "record": vars(FileRecord.of(database))}
        files.replace_atomically(seal_path(database), json.dumps(content).encode())


def break_seal(database: Path) -> None:
    """Note that the file is about to change."""
    if database.exists() and read_seal(database) != Seal(None):
        files.replace_atomically(seal_path(database), json.dumps(_OPEN).encode())


def verify_store(home: Home, *, heal_log: bool = False, remember: bool = False) -> None:
    """Make sure that the store is what its last writer left; nothing delivered yet is fine.

    Args:
        home: The home directory; no writer is at work, or the caller is it.
        heal_log: Whether what a killed writer left in DuckDB's log may be brought into the file (needs the lock).
        remember: As for ``verify.verify_file``.

    Raises:
        CorruptFileError: It differs from its seal, or a block of it cannot be read.
    """
    if not home.store.exists():
        return
    seal = read_seal(home.store)
    if seal is None or seal.record is None:
        read_every_block(home.store, read_only=not heal_log)
        return
    try:
        verify_file(home.store, seal.record, remember=remember)
    except CorruptFileError:
        raise CorruptFileError(
            f"{home.store} is not as its last writer left it",
            remedy="restore it from a backup; if it was put there on purpose, `retention doctor --fix` accepts it once"
            " every block of it has been read",
        ) from None


def compare_closed(home: Home) -> None:
    """Compare the store with its seal if that is closed; an open one says that the lock's holder is at work.

    Raises:
        CorruptFileError: It is not what its last writer left.
    """
    seal = read_seal(home.store)
    if seal is not None and seal.record is not None:
        verify_store(home, remember=True)


def build_damage(home: Home) -> str | None:
    """Why the build file cannot be gone on with; None where it can, or there is none."""
    if not home.build.exists():
        return None
    seal = read_seal(home.build)
    try:
        if seal is None or seal.record is None:
            read_every_block(home.build)
        else:
            verify_file(home.build, seal.record)
    except CorruptFileError as error:
        return error.message
    return None


def discard_build(home: Home) -> None:
    """Remove the build file; the state first, so that nothing claims to be built."""
    with files.os_errors(home.build):
        for path in (home.build_state, home.build, _log(home.build), seal_path(home.build)):
            files.remove(path)
        files.fsync_path(home.build.parent)


def accept_store(home: Home) -> None:
    """Seal the store as it is, after reading every block of it.

    Raises:
        CorruptFileError: A block cannot be read.
    """
    read_every_block(home.store, read_only=False)
    content = {"state": "closed", "record": vars(FileRecord.of(home.store))}
    files.replace_atomically(seal_path(home.store), json.dumps(content).encode())


def read_every_block(database: Path, *, read_only: bool = False) -> None:
    """Read every value of every table, which makes DuckDB compare each block with its checksum.

    Raises:
        CorruptFileError: A block differs, or the file is no database any more.
    """
    try:
        with contextlib.closing(connect(database, read_only=read_only)) as connection:
            for table in _tables(connection):
                connection.execute(f"SELECT max(hash(t)) FROM {table} t").fetchall()
    except (duckdb.Error, CorruptFileError) as error:
        known = translate(error, database) if isinstance(error, duckdb.Error) else None
        if known is not None and not isinstance(known, CorruptFileError):
            raise known from error
        text = error.message.partition(": ")[2] if isinstance(error, CorruptFileError) else str(error)
        reason = text.strip().partition("\n")[0]
        raise CorruptFileError(f"{database} is damaged: {reason}", remedy="restore it from a backup") from error


def _tables(connection: DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = current_database() AND NOT internal"
        " AND NOT temporary ORDER BY ALL"
    ).fetchall()
    return [f"{quote(schema)}.{quote(table)}" for schema, table in rows]


def _log(database: Path) -> Path:
    return database.with_name(database.name + ".wal")
