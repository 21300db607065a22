"""The private files: store, build file, key.

Belongs here: comparing them with their seals, modes. Not here: what their tables say.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from functools import partial

from retention_pipeline.core.errors import CorruptFileError, ExitCode
from retention_pipeline.core.home import Home
from retention_pipeline.doctor.finding import Finding, State, fine, note
from retention_pipeline.warehouse import files, seal
from retention_pipeline.warehouse.keys import load_id_key

FROM_BACKUP = "restore it from a backup (docs/operations.md); what is published is served meanwhile"


def look(home: Home) -> Iterator[Finding]:
    """Store, build file, key. No writer may be at work."""
    yield _store(home)
    yield from _build(home)
    yield from _key(home)


def _store(home: Home) -> Finding:
    if not home.store.exists():
        return note("store", f"{home.store}: nothing has been delivered yet", "`retention run`")
    how = seal.read_seal(home.store)
    try:
        seal.verify_store(home, heal_log=True)
    except CorruptFileError as error:
        if how is None or how.record is None:
            return Finding("store", State.PROBLEM, error.message, FROM_BACKUP, ExitCode.CORRUPT)
        accept = partial(_accept, home)
        return Finding("store", State.PROBLEM, error.message, str(error.remedy), ExitCode.CORRUPT, accept)
    megabytes = home.store.stat().st_size / 1e6
    said = "as its last writer left it" if how and how.record else "not sealed; every block of it can be read"
    return fine("store", f"{home.store} ({megabytes:.1f} MB): {said}")


def _accept(home: Home) -> str:
    seal.accept_store(home)
    return "every block of it can be read, so it counts as it is from now on"


def _build(home: Home) -> Iterator[Finding]:
    damage = seal.build_damage(home)
    if damage is not None:
        yield note("build", damage, "nothing: the next run builds it anew", partial(_discard, home))
    elif home.build.exists():
        yield fine("build", f"{home.build} ({home.build.stat().st_size / 1e6:.1f} MB)")


def _discard(home: Home) -> str:
    seal.discard_build(home)
    return "removed; the next run builds it anew"


def _key(home: Home) -> Iterator[Finding]:
    if os.environ.get("RETENTION_ID_KEY"):
        yield fine("key", "from RETENTION_ID_KEY")
        return
    if not home.id_key.exists():
        if home.store.exists():
            what = f"{home.id_key} is missing, though records are stored under it"
            remedy = "restore it from a backup, or set RETENTION_ID_KEY: under another key every customer looks new"
            yield Finding("key", State.PROBLEM, what, remedy, ExitCode.CORRUPT)
        return
    try:
        load_id_key(home)
    except CorruptFileError as error:
        yield Finding("key", State.PROBLEM, error.message, str(error.remedy), ExitCode.CORRUPT)
        return
    mode = stat.S_IMODE(home.id_key.stat().st_mode)
    if mode & 0o077:
        yield Finding(
            "key", State.PROBLEM, f"{home.id_key} has mode {mode:o}: others may read it", f"chmod 600 {home.id_key}",
            repair=partial(_close, home),
        )  # fmt: skip
    else:
        yield fine("key", f"{home.id_key} (mode {mode:o})")


def _close(home: Home) -> str:
    with files.os_errors(home.id_key):
        home.id_key.chmod(files.PRIVATE_FILE)
    return "mode 600"
