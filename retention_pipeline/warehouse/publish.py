"""Publication: a complete, verified version becomes current in one step, or nothing changes.

Belongs here: the order of the steps (architecture, steps 4 to 6) and what a failure leaves behind. Not here: file
formats (``release``), names and pointer (``versions``).

A run that is killed at any point leaves ``CURRENT`` as it was; the next one removes what is left over.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.home import Home
from retention_pipeline.core.progress import Progress, Silent
from retention_pipeline.warehouse import files, release, versions
from retention_pipeline.warehouse.connection import duckdb_errors
from retention_pipeline.warehouse.fingerprints import code_hash
from retention_pipeline.warehouse.hashing import Content, combine
from retention_pipeline.warehouse.history import NAME as VERSIONS
from retention_pipeline.warehouse.history import Entry, versions_table
from retention_pipeline.warehouse.lock import exclusive
from retention_pipeline.warehouse.manifest import (
    DATABASE,
    FileRecord,
    Manifest,
    TableRecord,
    check_metadata,
    write_manifest,
)
from retention_pipeline.warehouse.release import PublishedTable
from retention_pipeline.warehouse.verify import verify_version

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PUBLISH = "publish"
"""Entry of ``seconds`` in the manifest: how long measuring, writing and verifying took; the others are stages."""


@dataclass(frozen=True)
class Published:
    """What a publication came to."""

    version: str
    unchanged: bool
    path: Path
    content_hash: str
    tables: dict[str, TableRecord]
    collected: tuple[str, ...]


def publish(
    home: Home,
    connection: DuckDBPyConnection,
    tables: Sequence[PublishedTable],
    metadata: Mapping[str, Any],
    *,
    keep: int,
    progress: Progress | None = None,
) -> Published:
    """Publish tables as a new version, unless the current version already holds the same content.

    ``_versions`` is added by this function. Compared are the tables that count for the content; when they are equal to
    an intact current version nothing is written (a stale link ``current`` and leftovers of killed runs are put right).

    Args:
        home: The home directory; the caller holds its writer lock.
        connection: The connection that the tables' queries refer to; it need not be able to write.
        tables: What to publish.
        metadata: What it was made from, as JSON values: the entries of ``manifest.REQUIRED_METADATA`` (``code_hash`` is
            filled in) and any others; goes into the manifest.
        keep: How many versions to keep (at least the current one and the one before).
        progress: Told about each step.

    Raises:
        BusyError: Somebody else is publishing, or has published meanwhile.
        StorageError: No space or no permission; ``CURRENT`` is untouched.
        GateFailedError: The key of a table is not unique.
        CorruptFileError: What was written is not what was built.
    """
    origin = {"code_hash": code_hash(), **metadata}
    check_metadata(origin)
    names = [table.name for table in tables]
    if len({*names, VERSIONS}) != len(names) + 1:
        raise ValueError(f"tables are named twice, or {VERSIONS} is among them: {names}")
    with files.os_errors(home.published):
        files.make_dir(home.root, files.TRAVERSE_DIR)
        files.make_dir(home.published, files.SHARED_DIR)
        with exclusive(home.published / ".lock", run=str(origin["run_id"]), purpose="publication"):
            before = versions.pointer_bytes(home)
            return _Publication(home, connection, origin, before, progress or Silent(), keep).run(list(tables))


def published_before(home: Home, inputs_fingerprint: str, *, keep: int) -> Published | None:
    """The current version, if it is intact and was made from these inputs: publishing it again would change nothing.

    A stale link ``current`` and leftovers of killed runs are put right all the same.
    """
    current = _intact_current(home)
    if current is None or current.metadata["inputs_fingerprint"] != inputs_fingerprint:
        return None
    with files.os_errors(home.published), exclusive(home.published / ".lock", run="unchanged", purpose="publication"):
        versions.heal_link(home, current.version)
        collected = versions.collect(home, keep=keep, orphans=_orphans(home))
    path = home.published / current.version
    return Published(current.version, True, path, current.content_hash, current.tables, tuple(collected))


def _orphans(home: Home) -> list[str]:
    """Versions that were written and never became current."""
    kept = versions.published_names(home)
    return [name for name in versions.version_names(home) if name not in kept]


def _overall(tables: Sequence[PublishedTable], built: dict[str, Content]) -> str:
    counted = sorted(table.name for table in tables if table.counts_for_content)
    return combine(part for name in counted for part in (name, built[name].content_hash))


def _intact_current(home: Home) -> Manifest | None:
    """The current version's manifest, if all its files are as they were published."""
    pointer = versions.parse_pointer(versions.pointer_bytes(home))
    if pointer is None:
        return None
    try:
        return verify_version(home.published / pointer.version, expected=pointer.manifest_sha256)
    except (CorruptFileError, FileNotFoundError):
        return None


@dataclass(frozen=True)
class _Publication:
    """One new version on its way."""

    home: Home
    connection: DuckDBPyConnection
    metadata: dict[str, Any]
    before: bytes | None
    watcher: Progress
    keep: int
    began: float = field(default_factory=time.perf_counter)

    def run(self, tables: list[PublishedTable]) -> Published:
        """Publish unless there is nothing new, then tidy up."""
        orphans = _orphans(self.home)
        with duckdb_errors(self.home.build):
            built = {table.name: release.measure_table(self.connection, table) for table in tables}
        content_hash = _overall(tables, built)
        current = _intact_current(self.home)
        unchanged = current is not None and current.content_hash == content_hash
        manifest = current if current is not None and unchanged else self._write(tables, built, content_hash)
        versions.heal_link(self.home, manifest.version)
        collected = tuple(versions.collect(self.home, keep=self.keep, orphans=orphans))
        path = self.home.published / manifest.version
        return Published(manifest.version, unchanged, path, content_hash, manifest.tables, collected)

    def _write(self, tables: list[PublishedTable], built: dict[str, Content], content_hash: str) -> Manifest:
        """Write, verify, name, point."""
        version = versions.take_number(self.home)
        known = versions.intact_manifests(self.home)
        previous = known[-1].version if known else None
        created_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        rows = sum(built[table.name].rows for table in tables if table.counts_for_content)
        origin = self.metadata
        upcoming = Entry(version, origin["as_of"], created_at, content_hash, rows, origin["run_id"])
        listing = versions_table(known[-(max(self.keep, 2) - 1) :], upcoming)
        built = {**built, listing.name: release.measure_table(self.connection, listing)}
        with self._folder() as folder:
            failpoint("publish.before_parquet")
            self.watcher.step("write tables", 0, 3)
            release.write_tables(self.connection, [*tables, listing], folder)
            self.watcher.step("verify", 1, 3)
            records = release.read_back(self.connection, [*tables, listing], built, folder)
            database = FileRecord.of(folder / DATABASE)
            seconds = {**self.metadata.get("seconds", {}), PUBLISH: round(time.perf_counter() - self.began, 1)}
            metadata = {**self.metadata, "seconds": seconds}
            manifest = Manifest(version, previous, created_at, content_hash, metadata, records, database)
            failpoint("publish.before_manifest")
            checksum = write_manifest(folder, manifest)
            folder.chmod(files.SHARED_DIR)
            files.fsync_path(folder)
            self.watcher.step("make current", 2, 3)
            self._make_current(folder, versions.Pointer(version, checksum))
        return manifest

    def _make_current(self, folder: Path, pointer: versions.Pointer) -> None:
        final = self.home.published / pointer.version
        failpoint("publish.before_rename")
        folder.rename(final)
        files.fsync_path(self.home.published)
        try:
            verify_version(final, expected=pointer.manifest_sha256)
            failpoint("publish.before_swap")
            versions.swap_pointer(self.home, before=self.before, after=pointer)
        except BaseException:
            if versions.pointer_bytes(self.home) != pointer.data:
                files.remove(final)
            raise
        failpoint("publish.after_swap")

    @contextlib.contextmanager
    def _folder(self) -> Iterator[Path]:
        """A private folder on the file system of the published versions, gone afterwards if it was not renamed."""
        run = re.sub(r"[^A-Za-z0-9_-]", "_", str(self.metadata["run_id"]))
        folder = self.home.published / f"{files.TEMPORARY}{run}"
        files.remove(folder)
        files.make_dir(folder)
        try:
            yield folder
        finally:
            files.remove(folder)
