"""One measured run of one contender: a process of its own, its time and its memory.

Belongs here: starting it and reading the clock. Not here: what is started (``contenders``).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Measurement:
    """What one run took.

    Attributes:
        contender: Which.
        orders: Order records of the shop.
        seconds: From start to end of the process, by the clock on the wall.
        cpu_seconds: Of all its threads, in user and kernel; hardly depends on what else the machine does.
        peak_mb: Largest resident memory, in MB (1024²).
        parts: Seconds of its parts, by the contender's own account.
    """

    contender: str
    orders: int
    seconds: float
    cpu_seconds: float
    peak_mb: float
    parts: Mapping[str, float] = field(default_factory=dict)


class ContenderFailedError(Exception):
    """A contender ended with an error; there is nothing to compare."""


def run_measured(command: Sequence[str], log: Path, environment: Mapping[str, str]) -> tuple[float, float, float]:
    """Run a command to its end, its output going to ``log``.

    Returns:
        Seconds, processor seconds and peak memory in MB of this process and the children it waited for.

    Raises:
        ContenderFailedError: Its exit code is not 0; names the log.
    """
    with log.open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **environment})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ContenderFailedError(f"{' '.join(command)} ended with {process.returncode}; see {log}")
    peak = usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return seconds, usage.ru_utime + usage.ru_stime, peak
