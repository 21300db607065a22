"""How much memory a database may take before it spills to disk, how much a run needs, what is said when it is gone.

Belongs here: the machine's memory and the user's word about it. Not here: telling DuckDB.
"""

from __future__ import annotations

import os
import re
import resource
from pathlib import Path

from retention_pipeline.core.errors import StorageError

MEMORY_LIMIT = "RETENTION_MEMORY_LIMIT"
NEEDED = 600 * 1024**2
"""Bytes below which libraries fail while they are loaded, each in its own way (measured: docs/reliability.md, K6)."""
_OWN_LIMITS = (resource.RLIMIT_DATA, resource.RLIMIT_AS)
_SIZE = re.compile(r"[1-9]\d*(\.\d+)? ?[KMGT]i?B", re.IGNORECASE)
_CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def is_size(text: str) -> bool:
    """Whether DuckDB would understand this amount of memory."""
    return _SIZE.fullmatch(text) is not None


def memory_limit() -> str:
    """The limit of one database: what the environment says, else half of what the machine or the container has.

    Half, because the version before is compared in a database of its own, and because Python needs some memory too.
    """
    return os.environ.get(MEMORY_LIMIT) or f"{available() // 2 // 1024**2}MiB"


def memory_bytes() -> int:
    """The same limit as a number."""
    number, unit = re.split(r"(?<=\d) ?(?=[A-Z])", memory_limit().upper())
    thousand = 1024 if "I" in unit else 1000
    return int(float(number) * thousand ** ("KMGT".index(unit[0]) + 1))


def require_memory(home: Path) -> None:
    """Refuse to begin what cannot end well: with less, libraries fail while they are loaded, each in its own way.

    Raises:
        StorageError: This process may use less memory than the smallest run needs.
    """
    given = available()
    if given < NEEDED:
        raise StorageError(
            f"{home}: a run needs at least {NEEDED // 1024**2} MiB of memory, this process may use {given // 1024**2}",
            remedy="give the process or its container more memory, then run again",
        )


def no_memory(where: Path | None = None, detail: str = "") -> StorageError:
    """The error to raise where memory ran out.

    Args:
        where: What was being written, when that is known.
        detail: What the library said; its first line is repeated.
    """
    said = detail.strip().partition("\n")[0]
    place, why = f"{where}: " if where else "", f" ({said})" if said else ""
    return StorageError(f"{place}not enough memory{why}", remedy="give the process more memory, then run again")


def available() -> int:
    """Bytes of memory that this process may use at most: those of the machine, the container, or its own limits."""
    own = [soft for kind in _OWN_LIMITS if (soft := resource.getrlimit(kind)[0]) != resource.RLIM_INFINITY]
    return min([_installed(), *own])


def _installed() -> int:
    """Bytes of memory of the machine or the container."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _CONTAINER_LIMITS:
        try:
            return min(machine, int(path.read_text(encoding="ascii")))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return machine
