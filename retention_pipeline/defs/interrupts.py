"""Signals to stop, for libraries that have their own idea of them.

Belongs here: which exception such a signal raises. Not here: what a run that is stopped says (``cli``).
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def keyboard_interrupts() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise ``KeyboardInterrupt`` inside the block, on which dbt cancels what is running.

    Dagster has them raise an exception of its own, which dbt takes for a failure and keeps for itself.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for number in before:
            signal.signal(number, signal.default_int_handler)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
