"""Published versions: their names, the pointer to the current one, which are kept, what is litter.

Belongs here: ``CURRENT``, ``current``, numbering, listing, collecting. Not here: what is in a version (``release``).

``CURRENT`` holds two lines, the name of a version and the checksum of its manifest: a flipped bit can turn one valid name
into another, so the name alone could not be trusted. Numbers are given out once (``.last_number``) and never again, even
if the version never became current: a path that has been seen keeps its content. So numbers may have gaps.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from retention_pipeline.core.errors import BusyError, CorruptFileError, NothingPublishedError
from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import files
from retention_pipeline.warehouse.manifest import Manifest, read_manifest

_NAME = re.compile(r"v\d{6,}")
_POINTER = re.compile(rb"(v\d{6,})\n([0-9a-f]{64})\n")
TEMPORARY = ".tmp-"


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
    """Names of all version directories, oldest first (among them, for a moment, one that is about to become current)."""
    if not home.published.is_dir():
        return []
    names = [path.name for path in home.published.iterdir() if _NAME.fullmatch(path.name) and path.is_dir()]
    return sorted(names, key=number)


def read_pointer(home: Home) -> Pointer | None:
    """What ``CURRENT`` says, or ``None`` where there is no such file.

    Raises:
        CorruptFileError: The file is not what a publication writes.
    """
    data = pointer_bytes(home)
    if data is None:
        return None
    found = _POINTER.fullmatch(data)
    if found is None:
        raise CorruptFileError(f"{home.current_pointer} is damaged", remedy=_remedy(home))
    return Pointer(found.group(1).decode(), found.group(2).decode())


def pointer_bytes(home: Home) -> bytes | None:
    """The bytes of ``CURRENT``, or ``None``."""
    try:
        return home.current_pointer.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None


def require_pointer(home: Home) -> Pointer:
    """What ``CURRENT`` says, as an error where it says nothing.

    Raises:
        NothingPublishedError: No version has been published.
        CorruptFileError: ``CURRENT`` is damaged, or was lost although there are versions.
    """
    pointer = read_pointer(home)
    if pointer is not None:
        return pointer
    if published_names(home):
        raise CorruptFileError(f"{home.current_pointer} is missing", remedy=_remedy(home))
    raise NothingPublishedError(f"{home.published}: no version has been published yet", remedy="run the pipeline first")


def published_names(home: Home) -> list[str]:
    """Names of the versions that have been current at some time, oldest first.

    A newer directory than the current one was left by a run that was killed just before it became current. Where the
    pointer is lost, everything is taken for published, unless it is the lone leftover of a first publication.
    """
    names = version_names(home)
    try:
        pointer = read_pointer(home)
    except CorruptFileError:
        return names
    if pointer is not None:
        return [name for name in names if number(name) <= number(pointer.version)]
    first_was_killed = len(names) == 1 and not home.current_link.is_symlink()
    return [] if first_was_killed else names


def intact_manifests(home: Home) -> list[Manifest]:
    """Manifests of the published versions, oldest first; versions whose manifest is damaged are left out."""
    found = []
    for name in published_names(home):
        with contextlib.suppress(CorruptFileError, FileNotFoundError):
            found.append(read_manifest(home.published / name))
    return found


def take_number(home: Home) -> str:
    """The name of the next version; it is given out once, whatever becomes of it."""
    counter = home.published / ".last_number"
    given = [number(name) for name in version_names(home)]
    with contextlib.suppress(FileNotFoundError, ValueError):
        given.append(int(counter.read_text(encoding="ascii")))
    found = _POINTER.fullmatch(pointer_bytes(home) or b"")
    if found is not None:
        given.append(number(found.group(1).decode()))
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
    if link.is_symlink() and os.readlink(link) == version:
        return
    temporary = home.published / f"{TEMPORARY}current-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(version)
    failpoint("publish.before_link")
    temporary.replace(link)
    files.fsync_path(home.published)


def collect(home: Home, *, keep: int, orphans: list[str]) -> list[str]:
    """Remove what is no longer needed: old versions, versions that never became current, leftovers of killed runs.

    The current version and the one before it always stay. A version is renamed before it is emptied, so no reader ever
    meets half of one; readers that have its files open keep them. Only the holder of the publication lock may call this.

    Returns:
        Names of the versions that were removed.
    """
    current = require_pointer(home).version
    names = [name for name in version_names(home) if name not in orphans and number(name) <= number(current)]
    gone = names[: -max(keep, 2)] + [name for name in orphans if name != current]
    for name in gone:
        (home.published / name).rename(home.published / f"{TEMPORARY}old-{name}")
        failpoint("publish.before_collect")
    for leftover in home.published.glob(f"{TEMPORARY}*"):
        files.remove(leftover)
    files.fsync_path(home.published)
    return gone


def _remedy(home: Home) -> str:
    intact = intact_manifests(home)
    again = "run the pipeline again to publish an intact version"
    return f"open version {intact[-1].version!r} meanwhile, and {again}" if intact else again
