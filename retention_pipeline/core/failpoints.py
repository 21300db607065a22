"""Named places where tests make the process die, fail or wait.

``RETENTION_FAILPOINT=name[:n]:kill|raise|enospc|sleep`` acts the n-th time (default: first) that ``failpoint(name)`` is
reached. Belongs here: the switch. Not here: what survives it (the tests of each package).
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections import Counter

_hits: Counter[str] = Counter()


def failpoint(name: str) -> None:
    """Do nothing, unless the environment names this place.

    Raises:
        RuntimeError: action ``raise``.
        OSError: action ``enospc``.
    """
    spec = os.environ.get("RETENTION_FAILPOINT")
    if not spec:
        return
    wanted, *middle, action = spec.split(":")
    if wanted != name:
        return
    _hits[name] += 1
    if _hits[name] != (int(middle[0]) if middle else 1):
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "raise":
        raise RuntimeError(f"failpoint {name}")
    elif action == "enospc":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    elif action == "sleep":
        time.sleep(30)
    else:
        raise ValueError(f"RETENTION_FAILPOINT: unknown action {action!r}")
