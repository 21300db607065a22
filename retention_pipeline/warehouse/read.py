"""Reading what is published.

Belongs here: opening a version, listing versions, read-only queries. Not here: writing anything.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import duckdb

from retention_pipeline.core.errors import (
    ConfigError,
    CorruptFileError,
    ExitCode,
    NothingPublishedError,
    RetentionError,
    StorageError,
)
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import versions
from retention_pipeline.warehouse.connection import connect, duckdb_errors
from retention_pipeline.warehouse.manifest import DATABASE, read_manifest
from retention_pipeline.warehouse.verify import verify_file, verify_version

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_Result = TypeVar("_Result")
_EXPLAINED = re.compile(r"\s*explain(\s+analyze)?\s+(select|with|from|describe|show|summarize)\b", re.IGNORECASE)
"""What may be explained: with ANALYZE the statement is run, so it must be one that reads."""


class QueryError(RetentionError):
    """A query that the user wrote is wrong."""

    exit_code = ExitCode.USAGE


def home_of(place: object) -> Home:
    """The home directory that somebody names.

    Raises:
        ConfigError: It is no path.
        NothingPublishedError: Nothing is published there; says where there is something nearby.
    """
    if not isinstance(place, str | os.PathLike):
        raise ConfigError(f"{place!r} is not a path", remedy="name the home directory, the one that holds published/")
    path = Path(place).expanduser()
    home = Home(path)
    if home.published.is_dir():
        return home
    here = "does not exist" if not path.exists() else "is a file" if path.is_file() else "holds no published/"
    places = (path / ".retention", path.parent / ".retention", *path.parents[:2])
    near = [each for each in places if Home(each).published.is_dir()]
    remedy = f"did you mean {near[0]}?" if near else "name the home directory, the one that holds published/, or run"
    raise NothingPublishedError(f"{path} {here}: nothing has been published there", remedy=remedy)


def open_published(home: Home | Path, version: str | None = None, *, verify: bool = True) -> DuckDBPyConnection:
    """Open a published version read-only.

    Args:
        home: The home directory.
        version: Name of a version; the current one when omitted.
        verify: Compare the file with its checksum first (once per process and file).

    Raises:
        NothingPublishedError: There is no version, or none of that name.
        CorruptFileError: The pointer, the manifest or the file is damaged; names a version that is intact.
    """
    place = home if isinstance(home, Home) else Home(home)
    if version is not None:
        require_known(place, version)
        return _open(place, version, expected=None, verify=verify)
    return _on_current(
        place, lambda pointer: _open(place, pointer.version, expected=pointer.manifest_sha256, verify=verify)
    )


def _on_current(home: Home, use: Callable[[versions.Pointer], _Result]) -> _Result:
    """Do something with the current version; follow the pointer when that version is collected meanwhile."""
    pointer = versions.require_pointer(home)
    while True:
        try:
            return use(pointer)
        except (FileNotFoundError, NothingPublishedError, CorruptFileError) as error:
            looked_at, pointer = pointer, versions.require_pointer(home)
            if looked_at == pointer:
                reason = error.message if isinstance(error, RetentionError) else "its files do not exist"
                raise CorruptFileError(
                    f"the current version {pointer.version} cannot be used: {reason}", remedy=versions.advice(home)
                ) from error


def _open(home: Home, version: str, *, expected: str | None, verify: bool) -> DuckDBPyConnection:
    folder = home.published / version
    try:
        manifest = read_manifest(folder, expected=expected)
        if verify:
            verify_file(folder / DATABASE, manifest.database, remember=True)
        return connect(folder / DATABASE, read_only=True)
    except (FileNotFoundError, StorageError):
        if folder.exists():
            raise
        raise NothingPublishedError(f"{folder} is gone", remedy="open the current version") from None


def require_known(home: Home, version: str) -> None:
    """Raise ``NothingPublishedError`` unless a version of that name has been published and is kept."""
    known = versions.published_names(home)
    if version not in known:
        listed = "versions: " + ", ".join(known) if known else "run the pipeline first"
        raise NothingPublishedError(f"{home.published}: there is no version {version!r}", remedy=listed)


def current_version(home: Home) -> str | None:
    """Name of the current version; ``None`` when nothing has been published.

    Raises:
        CorruptFileError: ``CURRENT`` is damaged or lost.
    """
    try:
        return versions.require_pointer(home).version
    except NothingPublishedError:
        return None


def published_manifest(home: Home, version: str | None = None) -> dict[str, Any]:
    """The content of ``manifest.json`` of a version (the current one when omitted), compared with its checksum.

    Raises:
        NothingPublishedError, CorruptFileError: As for :func:`open_published`.
    """
    if version is not None:
        require_known(home, version)
        return read_manifest(home.published / version).content
    return _on_current(
        home, lambda pointer: read_manifest(home.published / pointer.version, expected=pointer.manifest_sha256).content
    )


def verify_current(home: Home, *, remember: bool = False) -> dict[str, Any]:
    """Compare every file of the current version with its checksum, and return its manifest's content.

    Args:
        home: The home directory.
        remember: Trust an earlier comparison by this process of a file that has kept its size, time and inode.

    Raises:
        NothingPublishedError, CorruptFileError: As for :func:`open_published`.
    """
    return _on_current(
        home,
        lambda pointer: (
            verify_version(
                home.published / pointer.version, expected=pointer.manifest_sha256, remember=remember
            ).content
        ),
    )


def run_select(home: Home | Path, sql: str, *, version: str | None = None) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Run one SELECT (or DESCRIBE, SHOW, SUMMARIZE, EXPLAIN) on a published version.

    Returns:
        Column names and rows.

    Raises:
        QueryError: It is not one reading statement, or DuckDB does not accept it; carries DuckDB's explanation.
    """
    with open_published(home, version) as connection, _query_errors():
        cursor = connection.execute(_reading_statement(sql))
        return [str(name) for name, *_ in cursor.description or []], cursor.fetchall()


def write_parquet(home: Home | Path, sql: str, output: Path, *, version: str | None = None) -> None:
    """Write the result of one statement, as for :func:`run_select`, to a Parquet file.

    Raises:
        QueryError: As for :func:`run_select`.
        StorageError: The file cannot be written.
    """
    with open_published(home, version) as connection, _query_errors(), duckdb_errors(output):
        # as a relation, which takes whatever gives rows: the text may end in a comment, or be a DESCRIBE
        connection.query(_reading_statement(sql).query).write_parquet(str(output), compression="zstd")


def _reading_statement(sql: str) -> duckdb.Statement:
    statements = duckdb.extract_statements(sql)
    is_reading = len(statements) == 1 and (
        statements[0].type == duckdb.StatementType.SELECT or _EXPLAINED.match(statements[0].query) is not None
    )
    if not is_reading:
        raise QueryError("a query must be one SELECT statement", remedy="published versions cannot be changed")
    return statements[0]


@contextlib.contextmanager
def _query_errors() -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise QueryError(f"the query was not accepted: {error}") from error
