"""Published versions: their names, the pointer to the current one, which are kept, what is litter.

Belongs here: ``CURRENT``, ``current``, numbering, listing, collecting. Not here: what is in a version (``release``).

``CURRENT`` holds two lines, the name of a version and the checksum of its manifest: a flipped bit can turn one valid
name into another, so the name alone could not be trusted. Numbers are given out once (``.last_number``) and never
again, even if the version never became current: a path that has been seen keeps its content. So numbers may have gaps.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from retention_pipeline.core.errors import BusyError, CorruptFileError, NothingPublishedError
from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import files
from retention_pipeline.warehouse.ledger.lineage import protected
from retention_pipeline.warehouse.manifest import Manifest, read_manifest
from retention_pipeline.warehouse.verify import verify_version

_NAME = re.compile(r"v\d{6,}")
_POINTER = re.compile(rb"(v\d{6,})\n([0-9a-f]{64})\n")


@dataclass(frozen=True)
class Pointer:
    """What ``CURRENT`` says."""

    version: str
    manifest_sha256: str

    @property
    def data(self) -> bytes:
        """The file's content."""
        return f"{self.version}\n{self.manifest_sha256}\n".encode()


def number(version: str) -> int:
    """The number in a version's name."""
    return int(version[1:])


def version_names(home: Home) -> list[str]:
    """Names of all version directories, oldest first, one that is about to become current among them."""
    if not home.published.is_dir():
        return []
    names = [path.name for path in home.published.iterdir() if _NAME.fullmatch(path.name) and path.is_dir()]
    return sorted(names, key=number)


def pointer_bytes(home: Home) -> bytes | None:
    """The bytes of ``CURRENT``, or ``None`` where there is no such file."""
    try:
        return home.current_pointer.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def parse_pointer(data: bytes | None) -> Pointer | None:
    """What these bytes say; ``None`` when they are not what a publication writes."""
    found = _POINTER.fullmatch(data or b"")
    return Pointer(found.group(1).decode(), found.group(2).decode()) if found is not None else None


def require_pointer(home: Home) -> Pointer:
    """What ``CURRENT`` says; whether the version agrees is for the reader of its manifest to see.

    Raises:
        NothingPublishedError: No version has been published.
        CorruptFileError: ``CURRENT`` is damaged, or was lost although there are versions.
    """
    data = pointer_bytes(home)
    pointer = parse_pointer(data)
    if pointer is not None:
        return pointer
    if data is not None or published_names(home):
        state = "missing" if data is None else "damaged"
        raise CorruptFileError(f"{home.current_pointer} is {state}", remedy=advice(home))
    raise NothingPublishedError(f"{home.published}: no version has been published yet", remedy="run the pipeline first")


def current_manifest(home: Home) -> Manifest | None:
    """The manifest of the current version; ``None`` where pointer, manifest and checksum do not agree."""
    pointer = parse_pointer(pointer_bytes(home))
    if pointer is None:
        return None
    try:
        return read_manifest(home.published / pointer.version, expected=pointer.manifest_sha256)
    except (CorruptFileError, FileNotFoundError):
        return None


def published_names(home: Home) -> list[str]:
    """Names of the versions that have been current at some time, oldest first.

    A directory newer than the current version was left by a run that was killed just before it became current. Where
    the pointer cannot be trusted, all are taken for published, except the lone leftover of a first publication.
    """
    names = version_names(home)
    current = current_manifest(home)
    if current is not None:
        return [name for name in names if number(name) <= number(current.version)]
    lost = pointer_bytes(home) is not None or home.current_link.is_symlink()
    return names if lost or len(names) > 1 else []


def intact_manifests(home: Home) -> list[Manifest]:
    """Manifests of the published versions, oldest first; versions whose manifest is damaged are left out."""
    found = []
    for name in published_names(home):
        with contextlib.suppress(CorruptFileError, FileNotFoundError):
            found.append(read_manifest(home.published / name))
    return found


def without_manifest(home: Home, known: Sequence[Manifest]) -> list[str]:
    """Published versions that are not among those whose manifest can be read, oldest first."""
    return sorted({*published_names(home)} - {manifest.version for manifest in known})


def advice(home: Home) -> str:
    """What to do while the current version is damaged: names the newest version that still is whole."""
    again = "run the pipeline again to publish an intact version"
    for name in reversed(published_names(home)):
        with contextlib.suppress(CorruptFileError, FileNotFoundError):
            verify_version(home.published / name)
            return f"version {name} is intact: open it by name meanwhile, and {again}"
    return again


def take_number(home: Home) -> str:
    """The name of the next version; it is given out once, whatever becomes of it."""
    counter = home.published / ".last_number"
    given = [number(name) for name in version_names(home)]
    with contextlib.suppress(FileNotFoundError, ValueError):
        given.append(int(counter.read_text(encoding="ascii")))
    pointer = parse_pointer(pointer_bytes(home))
    if pointer is not None:
        given.append(number(pointer.version))
    following = max(given, default=0) + 1
    files.replace_atomically(counter, f"{following}\n".encode())
    return f"v{following:06d}"


def swap_pointer(home: Home, *, before: bytes | None, after: Pointer) -> None:
    """Make a version current, provided that ``CURRENT`` still is what it was when the publication began.

    Raises:
        BusyError: Somebody else has published meanwhile.
    """
    if pointer_bytes(home) != before:
        raise BusyError(
            f"{home.current_pointer} was changed by another publication while {after.version} was being written",
            remedy="run again; what the other one published stays current",
        )
    files.replace_atomically(home.current_pointer, after.data, files.SHARED_FILE)


def heal_link(home: Home, version: str) -> None:
    """Make the link ``current`` lead to a version, in one step, unless it does so already."""
    link = home.current_link
    if link.is_symlink() and link.readlink().name == version:
        return
    temporary = home.published / f"{files.TEMPORARY}current-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(version)
    failpoint("publish.before_link")
    temporary.replace(link)
    files.fsync_path(home.published)


def kept(home: Home, known: Sequence[Manifest], current: str, keep: int, orphans: Collection[str] = ()) -> list[str]:
    """Versions that stay: the last ``keep``, the current one and the one before it at least, and the protected ones.

    Args:
        home: The home directory.
        known: Manifests of the intact versions, the current one included.
        current: The current version, or the one that is about to become current.
        keep: How many versions to keep.
        orphans: Versions that were written and never became current: they take nobody's place.
    """
    names = sorted({*version_names(home), current} - set(orphans), key=number)
    known = [manifest for manifest in known if manifest.version in names]
    names = [name for name in names if name not in outdated(known, names, current)]
    last = [name for name in names if number(name) <= number(current)][-max(keep, 2) :]
    return sorted({*last, *(protected(known) & set(names))}, key=number)


def outdated(known: Sequence[Manifest], names: Sequence[str], current: str) -> set[str]:
    """Versions that hold somebody who has been erased since: those made before the last erasure that the current knows.

    A version whose manifest is damaged goes by its number.
    """
    erasures = {manifest.version: manifest.erasures for manifest in known}
    least = erasures.get(current, 0)
    first = min((number(name) for name, count in erasures.items() if count >= least), default=0)
    return {name for name in names if (erasures[name] < least if name in erasures else number(name) < first)}


def collect(home: Home, *, keep: int, orphans: list[str]) -> list[str]:
    """Remove what is no longer needed: old versions, versions that never became current, leftovers of killed runs.

    What stays says :func:`kept`. A version is renamed before it is emptied, so no reader ever
    meets half of one; readers that have its files open keep them. Only the holder of the publication lock calls this.

    Returns:
        Names of the versions that were removed.
    """
    current = require_pointer(home).version
    names = [name for name in version_names(home) if name not in orphans and number(name) <= number(current)]
    staying = kept(home, intact_manifests(home), current, keep, orphans)
    gone = [name for name in names if name not in staying] + [name for name in orphans if name != current]
    for name in gone:
        (home.published / name).rename(home.published / f"{files.TEMPORARY}old-{name}")
        failpoint("publish.before_collect")
    for leftover in home.published.glob(f"{files.TEMPORARY}*"):
        files.remove(leftover)
    files.fsync_path(home.published)
    return gone


def withdraw(home: Home) -> None:
    """Take every version back: consumers find nothing published, and no number is given out twice."""
    home.current_link.unlink(missing_ok=True)
    home.current_pointer.unlink(missing_ok=True)
    files.fsync_path(home.published)
    failpoint("erase.before_withdrawal")
    for name in version_names(home):
        (home.published / name).rename(home.published / f"{files.TEMPORARY}old-{name}")
    for leftover in home.published.glob(f"{files.TEMPORARY}*"):
        files.remove(leftover)
    files.fsync_path(home.published)
