"""The key that customer ids are hashed with.

Belongs here: where the key comes from, creating it, its fingerprint. Not here: hashing an id (``intake``).
"""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import secrets
from pathlib import Path

from retention_pipeline.core.errors import CorruptFileError
from retention_pipeline.core.failpoints import failpoint
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import files

_KEY = re.compile(rb"[0-9a-f]{64}")


def load_id_key(home: Home) -> bytes:
    """The key for hashing customer ids.

    ``RETENTION_ID_KEY`` (its UTF-8 bytes) when set, else the text in ``keys/id.key``, generated the first time.
    Putting the file's text into the variable therefore gives the same hashes.

    Raises:
        CorruptFileError: The key file does not hold a key.
        StorageError: The key file cannot be read or created.
    """
    from_environment = os.environ.get("RETENTION_ID_KEY")
    if from_environment:
        return from_environment.encode("utf-8")
    with files.os_errors(home.id_key):
        if not home.id_key.exists():
            _create(home.id_key)
        key = home.id_key.read_bytes().strip()
    if not _KEY.fullmatch(key):
        raise CorruptFileError(
            f"{home.id_key} does not hold a key of 64 hexadecimal digits",
            remedy="restore it from a backup: another key would make every customer look new",
        )
    return key


def id_key_fingerprint(key: bytes) -> str:
    """Eight hexadecimal digits that change with the key; too few to test guesses of a key against."""
    return hmac.digest(key, b"retention-pipeline id key fingerprint", "sha256").hex()[:8]


def _create(path: Path) -> None:
    """Create the key whole or not at all; of two processes that try at once, both use the one that came first."""
    files.make_dir(path.parent)
    temporary = path.with_name(f"{files.TEMPORARY}{path.name}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        files.write_new(temporary, secrets.token_hex(32).encode("ascii") + b"\n")
        failpoint("keys.before_link")
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(temporary)
    finally:
        temporary.unlink(missing_ok=True)
    for leftover in path.parent.glob(
        f"{files.TEMPORARY}{path.name}-*"
    ):  # of a process killed here earlier; nobody else's key
        if not _is_running(leftover):
            leftover.unlink(missing_ok=True)
    files.fsync_path(path.parent)


def _is_running(leftover: Path) -> bool:
    pid = int(leftover.name.rsplit("-", 2)[1])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
