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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.history_tables import HISTORY_TABLES
from retention_pipeline.core.home import Home
from retention_pipeline.core.progress import Progress, Silent
from retention_pipeline.warehouse import contract, files, release, versions
from retention_pipeline.warehouse.connection import duckdb_errors
from retention_pipeline.warehouse.fingerprints import code_hash
from retention_pipeline.warehouse.hashing import Content, combine
from retention_pipeline.warehouse.history import Entry, history_tables
from retention_pipeline.warehouse.ledger.known import macro_sql
from retention_pipeline.warehouse.ledger.ledger import Ledger, Upcoming
from retention_pipeline.warehouse.ledger.lineage import Lineage, lineage
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
    ledger: Ledger | None = None,
) -> Published:
    """Publish tables as a new version, unless the current version already holds the same content.

    ``_versions`` and the other tables that remember former versions are added by this function. Compared are the
    tables that count for the content; when they are equal to an intact current version nothing is written (a stale
    link ``current`` and leftovers of killed runs are put right).

    Args:
        home: The home directory; the caller holds its writer lock.
        connection: The connection that the tables' queries refer to; it need not be able to write.
        tables: What to publish.
        metadata: What it was made from, as JSON values: the entries of ``manifest.REQUIRED_METADATA`` (``code_hash`` is
            filled in) and any others; goes into the manifest.
        keep: How many versions to keep (at least the current one and the one before).
        progress: Told about each step.
        ledger: How to find out what changes in what was published before, and why; None for tables without metrics.

    Raises:
        BusyError: Somebody else is publishing, or has published meanwhile.
        StorageError: No space or no permission; ``CURRENT`` is untouched.
        GateFailedError: A key is not unique, or the published schema would break without a new contract version.
        CorruptFileError: What was written is not what was built.
    """
    origin = {"code_hash": code_hash(), **contract.NOTED, **metadata}
    check_metadata(origin)
    names = [*(table.name for table in tables), *(table.name for table in HISTORY_TABLES)]
    if len(set(names)) != len(names):
        raise ValueError(f"tables are named twice, or like those that publication adds: {names}")
    with files.os_errors(home.published):
        files.make_dir(home.root, files.TRAVERSE_DIR)
        files.make_dir(home.published, files.SHARED_DIR)
        with exclusive(home.published / ".lock", run=str(origin["run_id"]), purpose="publication"):
            before = versions.pointer_bytes(home)
            return _Publication(home, connection, origin, before, progress or Silent(), keep, ledger).run(list(tables))


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
    ledger: Ledger | None
    began: float = field(default_factory=time.perf_counter)

    def run(self, tables: list[PublishedTable]) -> Published:
        """Publish unless there is nothing new, then tidy up."""
        orphans = _orphans(self.home)
        with duckdb_errors(self.home.build):
            built = {table.name: release.measure_table(self.connection, table) for table in tables}
        content_hash = _overall(tables, built)
        current = _intact_current(self.home)
        erasures = int(self.metadata.get("erasures", 0))  # a version from before one is replaced whatever it holds
        unchanged = current is not None and (current.content_hash, current.erasures) == (content_hash, erasures)
        manifest = current if current is not None and unchanged else self._write(tables, built, content_hash)
        versions.heal_link(self.home, manifest.version)
        collected = tuple(versions.collect(self.home, keep=self.keep, orphans=orphans))
        path = self.home.published / manifest.version
        return Published(manifest.version, unchanged, path, content_hash, manifest.tables, collected)

    def _write(self, tables: list[PublishedTable], built: dict[str, Content], content_hash: str) -> Manifest:
        """Write, verify, name, point."""
        version = versions.take_number(self.home)
        known = versions.intact_manifests(self.home)
        created_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        rows = sum(built[table.name].rows for table in tables if table.counts_for_content)
        line = lineage(self.home, known, self.metadata["as_of"], versions.without_manifest(self.home, known))
        compared = line.baseline.version if line.baseline is not None and self.ledger is not None else None
        metadata = {**self.metadata, "compared_with": compared, "is_reenactment": line.is_reenactment}
        if self.ledger is not None:
            metadata["periods_from"] = self.ledger.periods_from(self.connection)
        previous = known[-1].version if known else None
        draft = Manifest(version, previous, created_at, content_hash, metadata, {}, FileRecord(DATABASE, 0, ""))
        added = self._remember(known, line, draft, rows)
        with duckdb_errors(self.home.build):
            built = {**built, **{table.name: release.measure_table(self.connection, table) for table in added}}
        contract.check(known[-1] if known else None, built, metadata, self.watcher)
        tables = [*tables, *added]
        macros = [] if line.is_reenactment or self.ledger is None else [macro_sql()]
        with self._folder() as folder:
            failpoint("publish.before_parquet")
            self.watcher.step("write tables", 1, 4)
            release.write_tables(self.connection, tables, built, folder, macros)
            self.watcher.step("verify", 2, 4)
            records = release.read_back(self.connection, tables, built, folder)
            seconds = {**metadata.get("seconds", {}), PUBLISH: round(time.perf_counter() - self.began, 1)}
            metadata["seconds"] = seconds
            manifest = replace(draft, tables=records, database=FileRecord.of(folder / DATABASE), metadata=metadata)
            failpoint("publish.before_manifest")
            checksum = write_manifest(folder, manifest)
            folder.chmod(files.SHARED_DIR)
            files.fsync_path(folder)
            self.watcher.step("make current", 3, 4)
            self._make_current(folder, versions.Pointer(version, checksum))
        return manifest

    def _remember(self, known: list[Manifest], line: Lineage, draft: Manifest, rows: int) -> list[PublishedTable]:
        """The tables that carry on what former versions were; the ledger where there is one."""
        self.watcher.step("compare with the version before", 0, 4)
        if line.damaged:
            instead = f"{line.head.version} stands in for it" if line.head is not None else "nothing can stand in"
            self.watcher.warn(f"{', '.join(line.damaged)}: cannot be read, so restatements are incomplete; {instead}")
        upcoming = replace(Entry.of(draft), rows_count=rows)
        kept = set(versions.kept(self.home, [*known, draft], draft.version, self.keep, _orphans(self.home)))
        listed, covered = history_tables(self.connection, self.home, known, upcoming, kept)
        if self.ledger is None:
            return [listed, covered]
        new = Upcoming(draft.version, draft.metadata["as_of"], draft.created_at.removesuffix("+00:00"), draft.metadata)
        with duckdb_errors(self.home.store):
            return [*self.ledger.tables(self.connection, line, new, listed, self.watcher), listed, covered]

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
