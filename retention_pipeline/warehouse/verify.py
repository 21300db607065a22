"""Comparing a published version with its manifest.

Belongs here: checksums of whole versions and single files, remembered per process. Not here: what to do about damage.
"""

from __future__ import annotations

from pathlib import Path

from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.warehouse import files
from retention_pipeline.warehouse.manifest import FileRecord, Manifest, read_manifest

_REMEDY = "use another version (see `retention status`) until the next run has published an intact one"
_verified: dict[tuple[str, int, int, int], str] = {}


def verify_version(folder: Path, *, expected: str | None = None, remember: bool = False) -> Manifest:
    """Compare every file of a version with the checksums in its manifest.

    Args:
        folder: ``published/vNNNNNN``.
        expected: Checksum of the manifest according to ``CURRENT``, when known.
        remember: As for :func:`verify_file`.

    Returns:
        The manifest.

    Raises:
        FileNotFoundError: There is no such version.
        CorruptFileError: Names the first file that is missing or differs.
    """
    manifest = read_manifest(folder, expected=expected)
    for record in manifest.files:
        verify_file(folder / record.name, record, remember=remember)
    return manifest


def verify_file(path: Path, record: FileRecord, *, remember: bool = False) -> None:
    """Compare one file with its record.

    Args:
        path: The file.
        record: What the manifest says about it.
        remember: Trust an earlier comparison by this process if size, time and inode are still the same.

    Raises:
        FileNotFoundError: The whole version is gone.
        CorruptFileError: The file is missing or differs.
    """
    try:
        stat = path.stat()
        identity = (str(path), stat.st_size, stat.st_mtime_ns, stat.st_ino)
        if remember and _verified.get(identity) == record.sha256:
            return
        checksum = files.sha256_file(path) if stat.st_size == record.bytes else "of another size"
    except FileNotFoundError:
        if not path.parent.exists():
            raise
        raise CorruptFileError(f"{path} is missing", remedy=_REMEDY) from None
    if checksum != record.sha256:
        raise CorruptFileError(f"{path} differs from the checksum in its manifest", remedy=_REMEDY)
    _verified[identity] = checksum
