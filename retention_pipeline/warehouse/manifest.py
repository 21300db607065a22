"""The manifest: what a published version holds, from what it was made, and the checksum of each of its files.

Belongs here: its shape, writing and reading it. Not here: comparing it with the files (``verify``).
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.core.tables import Table
from retention_pipeline.warehouse import files
from retention_pipeline.warehouse.sql import quote

FORMAT = 1
MANIFEST = "manifest.json"
CHECKSUM = "manifest.json.sha256"
DATABASE = "retention.duckdb"
REQUIRED_METADATA = (
    "run_id", "as_of", "data_through", "inputs_fingerprint", "code_hash", "config_hash", "id_key_fingerprint",
)  # fmt: skip
"""What every version says about its origin; further entries are kept as they are given."""

_OWN = ("version", "previous", "created_at", "content_hash", "tables", "database")
_REMEDY = "run the pipeline again: it publishes an intact version"


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

    def select_list(self, table: Table) -> str | None:
        """What to select to get the columns ``table`` has today, NULL for those added since.

        None where a column that must not be NULL is missing: the rows cannot be told in today's terms.
        """
        held = {name for name, _ in self.columns}
        if any(column.name not in held and not column.nullable for column in table.columns):
            return None
        return ", ".join(
            quote(column.name) if column.name in held else f"CAST(NULL AS {column.type}) AS {quote(column.name)}"
            for column in table.columns
        )


@dataclass(frozen=True)
class Manifest:
    """The content of ``manifest.json``; ``metadata`` stands at its top level, beside the other entries."""

    version: str
    previous: str | None
    created_at: str
    content_hash: str
    metadata: dict[str, Any]
    tables: dict[str, TableRecord]
    database: FileRecord

    @property
    def content(self) -> dict[str, Any]:
        """The manifest as it stands in the file."""
        fields = {name: value for name, value in dataclasses.asdict(self).items() if name != "metadata"}
        content: dict[str, Any] = json.loads(json.dumps({"format": FORMAT, **self.metadata, **fields}))
        return content

    @property
    def files(self) -> tuple[FileRecord, ...]:
        """All files of the version except the manifest itself."""
        return (self.database, *(table.parquet for table in self.tables.values()))

    @property
    def erasures(self) -> int:
        """Number of the last erasure that the version was made after; 0 when there had been none."""
        return int(self.metadata.get("erasures", 0))

    @property
    def rows(self) -> int:
        """Rows of all tables that count for the content."""
        return sum(table.rows for table in self.tables.values() if table.counts_for_content)


def check_metadata(metadata: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` unless everything required is there and nothing hides an entry of the manifest itself."""
    missing = [name for name in REQUIRED_METADATA if name not in metadata]
    taken = [name for name in metadata if name in (*_OWN, "format")]
    if missing or taken:
        raise ValueError(f"metadata of a version: missing {missing}, reserved {taken}")


def write_manifest(folder: Path, manifest: Manifest) -> str:
    """Write the manifest and, beside it, its checksum in the format of ``sha256sum``; returns the checksum."""
    data = (json.dumps(manifest.content, indent=1) + "\n").encode()
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
    tables = {
        name: TableRecord(
            rows=table["rows"],
            content_hash=table["content_hash"],
            counts_for_content=table["counts_for_content"],
            key=tuple(table["key"]),
            columns=tuple((column, kind) for column, kind in table["columns"]),
            parquet=FileRecord(**table["parquet"]),
        )
        for name, table in content["tables"].items()
    }
    return Manifest(
        version=content["version"],
        previous=content["previous"],
        created_at=content["created_at"],
        content_hash=content["content_hash"],
        metadata={name: value for name, value in content.items() if name not in _OWN},
        tables=tables,
        database=FileRecord(**content["database"]),
    )
