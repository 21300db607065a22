"""The manifest: what a published version holds, from what it was made, and the checksum of each of its files.

Belongs here: its shape, writing and reading it. Not here: comparing it with the files (``verify``).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.warehouse import files

FORMAT = 1
MANIFEST = "manifest.json"
CHECKSUM = "manifest.json.sha256"
DATABASE = "retention.duckdb"
_REMEDY = "run the pipeline again: it publishes an intact version"


@dataclass(frozen=True)
class Provenance:
    """What a version was made from."""

    run_id: str
    as_of: dt.date
    data_through: dict[str, dt.date | None]
    inputs_fingerprint: str
    code_hash: str
    config_hash: str
    id_key_fingerprint: str
    checks: dict[str, int] = field(default_factory=dict)
    """Number of check results per outcome."""


@dataclass(frozen=True)
class FileRecord:
    """One file of a version."""

    name: str
    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> FileRecord:
        """The record of a file as it is now."""
        return cls(path.name, path.stat().st_size, files.sha256_file(path))


@dataclass(frozen=True)
class TableRecord:
    """One table of a version."""

    rows: int
    content_hash: str
    counts_for_content: bool
    key: tuple[str, ...]
    columns: tuple[tuple[str, str], ...]
    parquet: FileRecord


@dataclass(frozen=True)
class Manifest:
    """The content of ``manifest.json``."""

    version: str
    previous: str | None
    created_at: str
    content_hash: str
    provenance: Provenance
    tables: dict[str, TableRecord]
    database: FileRecord

    @property
    def files(self) -> tuple[FileRecord, ...]:
        """All files of the version except the manifest itself."""
        return (self.database, *(table.parquet for table in self.tables.values()))

    @property
    def rows(self) -> int:
        """Rows of all tables that count for the content."""
        return sum(table.rows for table in self.tables.values() if table.counts_for_content)


def write_manifest(folder: Path, manifest: Manifest) -> str:
    """Write the manifest and, beside it, its checksum in the format of ``sha256sum``; returns the checksum."""
    content = {"format": FORMAT, **dataclasses.asdict(manifest)}
    data = (json.dumps(content, indent=1, default=str) + "\n").encode()
    checksum = hashlib.sha256(data).hexdigest()
    files.write_new(folder / MANIFEST, data, files.SHARED_FILE)
    files.write_new(folder / CHECKSUM, f"{checksum}  {MANIFEST}\n".encode(), files.SHARED_FILE)
    return checksum


def read_manifest(folder: Path, *, expected: str | None = None) -> Manifest:
    """Read the manifest of a version's folder, compared with its checksum.

    Args:
        folder: The version's folder.
        expected: The checksum according to ``CURRENT``, compared as well when given.

    Raises:
        FileNotFoundError: There is no such version (any more).
        CorruptFileError: Manifest, checksum and name do not agree.
    """
    try:
        data, noted = (folder / MANIFEST).read_bytes(), (folder / CHECKSUM).read_bytes()
    except FileNotFoundError:
        if not folder.exists():
            raise
        raise CorruptFileError(f"{folder} lacks its manifest or the checksum of it", remedy=_REMEDY) from None
    checksum = hashlib.sha256(data).hexdigest()
    if noted != f"{checksum}  {MANIFEST}\n".encode() or expected not in {None, checksum}:
        raise CorruptFileError(f"{folder / MANIFEST} differs from its checksum", remedy=_REMEDY)
    content = json.loads(data)
    if content.pop("format") != FORMAT:
        raise CorruptFileError(f"{folder / MANIFEST} was written by another version of the program", remedy=_REMEDY)
    if content["version"] != folder.name:
        raise CorruptFileError(f"{folder} holds version {content['version']}", remedy=_REMEDY)
    return _from_json(content)


def _from_json(content: dict[str, Any]) -> Manifest:
    origin = content["provenance"]
    through = {name: day and dt.date.fromisoformat(day) for name, day in origin["data_through"].items()}
    tables = {
        name: TableRecord(
            **{
                **table,
                "key": tuple(table["key"]),
                "columns": tuple((column, kind) for column, kind in table["columns"]),
                "parquet": FileRecord(**table["parquet"]),
            }
        )
        for name, table in content["tables"].items()
    }
    as_of = dt.date.fromisoformat(origin["as_of"])
    provenance = Provenance(**{**origin, "as_of": as_of, "data_through": through})
    return Manifest(
        **{**content, "provenance": provenance, "tables": tables, "database": FileRecord(**content["database"])}
    )
