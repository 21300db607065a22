"""One writer per home directory: an OS lock that dies with its holder.

Belongs here: taking, waiting for and naming the holder of ``writer.lock``; preparing the directories a writer needs.
Not here: what the writer does; the pointer swap of a publication (``publish`` guards that with a lock of its own).
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from retention_pipeline.core import scratch
from retention_pipeline.core.errors import BusyError, StorageError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import files, seal

_GRACE_SECONDS = 2.0
"""How long even a caller who does not wait keeps trying: a look at the holder takes the lock for a moment."""
_LOOKING_SECONDS = 600.0
"""The same for somebody who reads the store meanwhile: comparing a large one with its checksum takes a while."""
_POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: enough to find the process and to tell a restarted machine from a running one."""

    pid: int
    boot_id: str
    run: str
    purpose: str
    since: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.purpose} {self.run}, since {self.since})"


@contextlib.contextmanager
def writer_lock(home: Home, *, run: str, purpose: str = "run", wait_seconds: float = 0) -> Iterator[Holder]:
    """Be the only writer of a home directory for the duration of the block.

    The home is created when it does not exist, scratch space of an earlier, killed writer is emptied, store and build
    file are compared with their seals, and files that this process creates meanwhile are private (umask 077); what is
    published is opened up explicitly.

    Args:
        home: The home directory.
        run: Identifier of the run, shown to whoever finds the lock taken.
        purpose: What the holder does (``run``, ``backfill`` …), shown as well.
        wait_seconds: How long to wait for another holder to finish.

    Raises:
        BusyError: Another process holds it; the message names the process, its run and since when.
        CorruptFileError: The delivery store is not what its last writer left.
        StorageError: The home directory cannot be created or written.
    """
    with files.os_errors(home.root):
        files.make_dir(home.root, files.TRAVERSE_DIR)
    with exclusive(home.lock, run=run, purpose=purpose, wait_seconds=wait_seconds) as holder:
        previous = os.umask(0o077)
        try:
            _prepare(home)
            seal.begin(home)
            try:
                yield holder
            finally:
                _let_go(home)
        finally:
            os.umask(previous)


@contextlib.contextmanager
def exclusive(path: Path, *, run: str, purpose: str, wait_seconds: float = 0) -> Iterator[Holder]:
    """Hold ``flock`` on a file; the operating system releases it when the process ends, however it ends."""
    with files.os_errors(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, files.PRIVATE_FILE)
    try:
        _acquire(descriptor, path, wait_seconds)
        now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        holder = Holder(os.getpid(), boot_id(), run, purpose, now)
        with files.os_errors(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps(asdict(holder)).encode(), 0)
        try:
            yield holder
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def lock_holder(home: Home) -> Holder | None:
    """The running writer, or ``None`` when there is none. Looking never blocks a writer."""
    try:
        descriptor = os.open(home.lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read_holder(home.lock) or Holder(0, "", "unknown", "run", "just now")
    finally:
        os.close(descriptor)
    return None


def last_holder(home: Home) -> Holder | None:
    """Who the lock file names: the writer at work, or one that was killed since the machine started."""
    return _read_holder(home.lock)


@contextlib.contextmanager
def no_writer(home: Home) -> Iterator[bool]:
    """Keep writers out of the block for a moment; False, at once, where one is at work.

    Whoever reads the store outside a run does it in here: a writer that finds the store open would fail.
    """
    try:
        descriptor = os.open(home.lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield True
        return
    try:
        free = True
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            free = False
        yield free
    finally:
        os.close(descriptor)


def boot_id() -> str:
    """Identifies this start of the machine, so that a process id from before a restart is not taken for a live one."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return "unknown"


def _acquire(descriptor: int, path: Path, wait_seconds: float) -> None:
    began = time.monotonic()
    deadline, latest = began + max(wait_seconds, _GRACE_SECONDS), began + max(wait_seconds, _LOOKING_SECONDS)
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            now = time.monotonic()
            if now >= deadline and (now >= latest or not _is_only_looked_at(descriptor)):
                holder = _read_holder(path)
                raise BusyError(
                    f"{path.parent} is being written by {holder or 'another process'}",
                    remedy="wait for it to end; the lock is freed by itself when that process ends",
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            return


def _is_only_looked_at(descriptor: int) -> bool:
    """Whether nobody writes: whoever holds the lock shares it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True


def _read_holder(path: Path) -> Holder | None:
    """What the lock file says; ``None`` when that is from an earlier holder (this one has not written yet)."""
    try:
        holder = Holder(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return holder if holder.boot_id == boot_id() else None


def _let_go(home: Home) -> None:
    """Seal the files; where that fails they stay unsealed, and the next writer reads them block by block."""
    with contextlib.suppress(OSError, StorageError):
        seal.finish(home)


def _prepare(home: Home) -> None:
    """Create the directories a writer needs and remove what a killed one left in them."""
    with files.os_errors(home.root):
        files.remove(home.temporary)
        for spilled in (*scratch.left_by_writers(home), *scratch.left_by_readers()):
            files.remove(spilled)
        for folder in (home.temporary, home.build.parent, home.id_key.parent):
            files.make_dir(folder)
        for unfinished in home.build.parent.glob(files.TEMPORARY + "*"):
            files.remove(unfinished)
        files.make_dir(home.published, files.SHARED_DIR)
