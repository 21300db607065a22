"""Places and leftovers: directories that cannot be written, space, what killed runs left behind.

Belongs here: looking at names and modes. Not here: what is in a file.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from retention_pipeline.core import scratch
from retention_pipeline.core.errors import ExitCode
from retention_pipeline.core.home import Home
from retention_pipeline.doctor.finding import Finding, State, fine, note
from retention_pipeline.warehouse import files, versions
from retention_pipeline.warehouse.lock import exclusive
from retention_pipeline.warehouse.running import dead_signs

LISTED = 4


def look_at_places(home: Home) -> Iterator[Finding]:
    """Whether a run could write where it has to, and has the space for it."""
    bad = [said for folder in _folders(home) if (said := _unwritable(folder)) is not None]
    for said in bad:
        yield Finding("places", State.PROBLEM, said, "check owner, mode and mount", ExitCode.STORAGE)
    if not bad:
        yield fine("places", f"{home.root} and what is in it can be written")
    yield from _space(home)


def look_at_leftovers(home: Home) -> Iterator[Finding]:
    """What killed runs left behind. No writer may be at work: theirs looks the same."""
    litter = list(_litter(home))
    if not litter:
        yield fine("litter", "none")
        return
    names = ", ".join(
        str(path.relative_to(home.root) if path.is_relative_to(home.root) else path) for path in litter[:LISTED]
    )
    more = f" and {len(litter) - LISTED} more" if len(litter) > LISTED else ""
    what = f"left by killed runs: {names}{more}"
    yield note("litter", what, "nothing: the next run removes it", partial(_sweep, home, litter))


def _folders(home: Home) -> list[Path]:
    inner = (home.published, home.build.parent, home.id_key.parent, home.dagster, home.dbt_target, home.running)
    return [home.root, *(folder for folder in inner if folder.exists() or folder.is_symlink())]


def _unwritable(folder: Path) -> str | None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return f"{folder}: {error.strerror}"


def _space(home: Home) -> Iterator[Finding]:
    """A run needs room for one more version and one more build file beside what is there."""
    needed = home.build.stat().st_size if home.build.exists() else 0
    manifest = versions.current_manifest(home)
    if manifest is not None:
        needed += sum(record.bytes for record in manifest.files)
    free = shutil.disk_usage(home.root).free
    if free < needed:
        what = f"{home.root}: {free / 1e6:.0f} MB are free, a run like the last one needs {needed / 1e6:.0f} MB"
        yield Finding("places", State.PROBLEM, what, "free space, or lower [publish] keep_versions", ExitCode.STORAGE)


def _litter(home: Home) -> Iterator[Path]:
    folders = (home.root, home.published, home.build.parent, home.id_key.parent, home.running)
    for folder in folders:
        yield from sorted(folder.glob(f"{files.TEMPORARY}*"))
    if home.temporary.is_dir():
        yield from sorted(home.temporary.iterdir())
    yield from scratch.left_by_writers(home)
    yield from scratch.left_by_readers()
    yield from dead_signs(home)
    published = versions.published_names(home)
    yield from (home.published / name for name in versions.version_names(home) if name not in published)


def _sweep(home: Home, litter: list[Path]) -> str:
    with files.os_errors(home.root):
        files.make_dir(home.published, files.SHARED_DIR)
    with files.os_errors(home.root), exclusive(home.published / ".lock", run="doctor", purpose="tidying up"):
        for path in litter:
            files.remove(path)
    return "removed"
