"""Durable, atomic, private files: what the warehouse's protocols are made of.

Belongs here: writing a small file so that it is old or new but never half, fsync, checksums, OS errors put into words.
Not here: what the files mean.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from retention_pipeline.core.errors import RetentionError, StorageError

PRIVATE_DIR = 0o700
PRIVATE_FILE = 0o600
SHARED_DIR = 0o755
SHARED_FILE = 0o644
TEMPORARY = ".tmp-"
"""How names of unfinished files and directories begin; whoever holds the lock may remove them."""
TRAVERSE_DIR = 0o711
"""Mode of a home directory that the product creates: readers pass through to ``published/`` and see nothing else."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}


def storage_error(error: OSError, path: Path) -> StorageError:
    """An operating-system error in words: what, where, what to do."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return StorageError(f"{path}: no space left ({reason})", remedy="free space or raise the quota, then run again")
    if error.errno in _DENIED:
        return StorageError(f"{path}: not permitted ({reason})", remedy="check owner and mode, or use another home")
    return StorageError(f"{path}: {reason}", remedy="check that the home directory exists and its disk is healthy")


@contextlib.contextmanager
def os_errors(path: Path) -> Iterator[None]:
    """Turn an ``OSError`` inside the block into a ``StorageError`` about ``path``."""
    try:
        yield
    except RetentionError:
        raise
    except OSError as error:
        named = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else path
        raise storage_error(error, named) from error


def make_dir(path: Path, mode: int = PRIVATE_DIR) -> None:
    """Create a directory (and private parents) with exactly this mode; an existing one keeps the mode it has."""
    if path.is_dir():
        return
    path.parent.mkdir(mode=PRIVATE_DIR, parents=True, exist_ok=True)
    try:
        path.mkdir(mode=PRIVATE_DIR)
        path.chmod(mode)
    except FileExistsError:
        if not path.is_dir():  # a file, or a link into nothing; whatever needs the directory would fail much later
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path)) from None


def fsync_path(path: Path) -> None:
    """Make a file's contents, or a directory's entries, survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_new(path: Path, data: bytes, mode: int = PRIVATE_FILE) -> None:
    """Write a file that must not exist yet, durably."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())


def replace_atomically(path: Path, data: bytes, mode: int = PRIVATE_FILE) -> None:
    """Replace a file's contents: any reader, and any restart, sees all of the old or all of the new."""
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{os.getpid()}")
    temporary.unlink(missing_ok=True)
    try:
        write_new(temporary, data, mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    fsync_path(path.parent)


def sha256_file(path: Path) -> str:
    """Checksum of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove(path: Path) -> None:
    """Remove a file, link or directory tree; nothing there is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
