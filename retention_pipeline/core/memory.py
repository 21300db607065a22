"""How much memory a database may take before it spills to disk.

Belongs here: the machine's memory and the user's word about it. Not here: telling DuckDB.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

MEMORY_LIMIT = "RETENTION_MEMORY_LIMIT"
_SIZE = re.compile(r"[1-9]\d*(\.\d+)? ?[KMGT]i?B", re.IGNORECASE)
_CONTAINER_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def is_size(text: str) -> bool:
    """Whether DuckDB would understand this amount of memory."""
    return _SIZE.fullmatch(text) is not None


def memory_limit() -> str:
    """The limit of one database: what the environment says, else half of what the machine or the container has.

    Half, because publication holds two databases open at once, and because Python needs some memory too.
    """
    return os.environ.get(MEMORY_LIMIT) or f"{_installed() // 2 // 1024**2}MiB"


def _installed() -> int:
    """Bytes of memory that this process may use at most."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in _CONTAINER_LIMITS:
        try:
            return min(machine, int(path.read_text(encoding="ascii")))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return machine
