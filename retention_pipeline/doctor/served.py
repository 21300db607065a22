"""What consumers are given: pointer, link, every kept version.

Belongs here: comparing them with their checksums, putting a lost pointer or link right. Not here: publishing anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from retention_pipeline.core.errors import CorruptFileError, ExitCode
from retention_pipeline.core.home import Home
from retention_pipeline.doctor.finding import Finding, State, fine, note
from retention_pipeline.warehouse import files, versions
from retention_pipeline.warehouse.manifest import CHECKSUM, MANIFEST, Manifest
from retention_pipeline.warehouse.verify import verify_version

AREA = "published"
AGAIN = "`retention run` publishes an intact version"


def look(home: Home) -> Iterator[Finding]:
    """What is served, then every other kept version."""
    names = versions.published_names(home)
    if not names:
        yield note(AREA, f"{home.published}: nothing has been published yet", "`retention run`")
        return
    states = {name: _state(home, name) for name in versions.version_names(home)}
    yield from _current(home, states)
    pointer = versions.parse_pointer(versions.pointer_bytes(home))
    for name in names:
        found = states[name]
        if isinstance(found, Manifest):
            yield from _strangers(home, found)
        elif pointer is None or name != pointer.version:
            what = f"{name}, which is kept and not served: {found}"
            remedy = "nobody is served it; it goes when it is no longer kept"
            yield Finding(AREA, State.PROBLEM, what, remedy, ExitCode.CORRUPT)


def _current(home: Home, states: dict[str, Manifest | str]) -> Iterator[Finding]:
    pointer = versions.parse_pointer(versions.pointer_bytes(home))
    intact = [name for name, found in states.items() if isinstance(found, Manifest)]
    back = f"{intact[-1]} is intact: open it by name meanwhile" if intact else "no kept version is intact"
    if pointer is None:
        yield _lost_pointer(home, states, back)
        return
    found = _state(home, pointer.version, expected=pointer.manifest_sha256)
    if isinstance(found, str):
        served = f"CURRENT names {pointer.version}, which cannot be trusted: {found}"
        yield Finding(AREA, State.PROBLEM, served, f"{AGAIN}; {back}", ExitCode.CORRUPT)
        return
    size = sum(record.bytes for record in found.files) / 1e6
    yield fine(AREA, f"{found.version} is served and intact: {len(found.files)} files, {size:.1f} MB")
    link = home.current_link
    if not (link.is_symlink() and link.readlink().name == found.version):
        yield Finding(
            AREA, State.PROBLEM, f"{link} does not lead to {found.version}",
            "`retention doctor --fix`, or the next run", repair=partial(_heal, home, found.version),
        )  # fmt: skip


def _lost_pointer(home: Home, states: dict[str, Manifest | str], back: str) -> Finding:
    """Only what the link still names was served for certain; anything else would be a guess."""
    what = f"{home.current_pointer} is missing or damaged"
    named = home.current_link.readlink().name if home.current_link.is_symlink() else ""
    served = states.get(named)
    if not isinstance(served, Manifest):
        return Finding(AREA, State.PROBLEM, what, f"{AGAIN}; {back}", ExitCode.CORRUPT)
    remedy = f"`retention doctor --fix` lets it name {named} again, where the link leads and which is intact"
    return Finding(AREA, State.PROBLEM, what, remedy, ExitCode.CORRUPT, partial(_point, home, named))


def _strangers(home: Home, manifest: Manifest) -> Iterator[Finding]:
    known = {MANIFEST, CHECKSUM, *(record.name for record in manifest.files)}
    strange = sorted(path.name for path in (home.published / manifest.version).iterdir() if path.name not in known)
    if strange:
        what = f"{manifest.version} holds files that are not part of it: {', '.join(strange)}"
        yield Finding(AREA, State.PROBLEM, what, "take them away: readers may take them for published")


def _state(home: Home, name: str, expected: str | None = None) -> Manifest | str:
    """The manifest of a version, or why it cannot be trusted."""
    try:
        return verify_version(home.published / name, expected=expected)
    except CorruptFileError as error:
        return error.message
    except FileNotFoundError:
        return f"{home.published / name} does not exist"


def _heal(home: Home, version: str) -> str:
    with files.os_errors(home.published):
        versions.heal_link(home, version)
    return f"the link leads to {version}"


def _point(home: Home, version: str) -> str:
    checksum = files.sha256_file(home.published / version / MANIFEST)
    with files.os_errors(home.current_pointer):
        pointer = versions.Pointer(version, checksum)
        files.replace_atomically(home.current_pointer, pointer.data, files.SHARED_FILE)
    return f"CURRENT names {version} again"
