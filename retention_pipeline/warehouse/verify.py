"""Comparing a published version with its manifest.

Belongs here: checksums of whole versions and of single files, remembered per process. Not here: what to do about damage.
"""

from __future__ import annotations

from pathlib import Path

from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.warehouse import files
from retention_pipeline.warehouse.manifest import FileRecord, Manifest, read_manifest

_Identity = tuple[str, int, int, int]
_verified: dict[_Identity, str] = {}


def verify_version(folder: Path, *, expected: str | None = None) -> Manifest:
    """Compare every file of a version with the checksums in its manifest.

    Args:
        folder: ``published/vNNNNNN``.
        expected: Checksum of the manifest according to ``CURRENT``, when known.

    Returns:
        The manifest.

    Raises:
        FileNotFoundError: There is no such version.
        CorruptFileError: Names the first file that is missing or differs.
    """
    manifest = read_manifest(folder, expected=expected)
    for record in manifest.files:
        _compare(folder / record.name, record, files.sha256_file)
    return manifest


def verify_file(path: Path, record: FileRecord) -> None:
    """Compare one file with its record; a file that has not changed since is not read again by this process."""
    _compare(path, record, _remembered)


def _compare(path: Path, record: FileRecord, checksum: object) -> None:
    raise NotImplementedError
