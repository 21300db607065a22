"""Signs of life: which runs have a process, whether it works or waits for the writer lock.

Belongs here: giving, finding and removing signs. Not here: what follows for a run that has none (``defs.orphans``).

A sign is a file under ``flock``: the operating system drops the lock with the process, however it ends, so neither a
process id that was given out twice nor another container's numbering can make a dead run look alive.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import files

_RUN = re.compile(r"[A-Za-z0-9_-]{1,100}")


@contextlib.contextmanager
def sign_of_life(home: Home, run: str) -> Iterator[None]:
    """Show for the duration of the block that a run has a process.

    Raises:
        StorageError: The home directory cannot be written.
    """
    path = _sign(home, run)
    with files.os_errors(path):
        files.make_dir(home.root, files.TRAVERSE_DIR)
        files.make_dir(home.running)
        temporary = path.with_name(f"{files.TEMPORARY}{run}-{os.getpid()}")
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, files.PRIVATE_FILE)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        temporary.replace(path)  # locked before it has its name: nobody ever finds it without a lock
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def has_process(home: Home, run: str) -> bool | None:
    """Whether a run has a process; None where it gave no sign: it is starting, has ended, or never came that far."""
    if not _RUN.fullmatch(run):
        return None
    return _is_locked(_sign(home, run))


def dead_signs(home: Home) -> list[Path]:
    """Signs of runs whose process is gone."""
    found = sorted(home.running.iterdir()) if home.running.is_dir() else []
    return [path for path in found if _is_locked(path) is False]


def remove_dead_signs(home: Home) -> None:
    """Remove the signs of runs whose process is gone; to be called under the writer lock, when they are settled."""
    for path in dead_signs(home):
        path.unlink(missing_ok=True)


def _sign(home: Home, run: str) -> Path:
    if not _RUN.fullmatch(run):
        raise ValueError(f"{run!r} cannot be the name of a run")
    return home.running / run


def _is_locked(path: Path) -> bool | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False
