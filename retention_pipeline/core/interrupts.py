"""Signals to stop, for libraries that have their own idea of them.

Belongs here: which exception such a signal raises, and that none is lost. Not here: what a run that is stopped says
(``cli``).
"""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Protocol

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_PAUSE_SECONDS = 0.1
_told: list[Callable[[], object]] = []
"""How to raise the interrupts that came inside of :func:`insisting` once more."""

_interruptible: weakref.WeakSet[Interruptible] = weakref.WeakSet()


class Interruptible(Protocol):
    """A connection of DuckDB."""

    def interrupt(self) -> None:
        """End the statement that is under way, in all of its threads."""


def interruptible(connection: Interruptible) -> None:
    """Have :func:`insisting` end the connection's statement, too.

    The statement raises in the thread of Python alone; DuckDB's other threads work on, and whoever closes the
    connection, or asks it for a rollback, waits for them.
    """
    _interruptible.add(connection)


@contextlib.contextmanager
def keyboard_interrupts() -> Iterator[None]:
    """Let SIGINT and SIGTERM raise ``KeyboardInterrupt`` inside the block, on which dbt cancels what is running.

    Dagster has them raise an exception of its own, which dbt takes for a failure and keeps for itself.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        for number in before:
            signal.signal(number, signal.default_int_handler)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def insisting() -> Iterator[None]:
    """Let an interrupt that comes inside the block end it, whatever a library makes of it.

    A statement of DuckDB that is interrupted raises a ``RuntimeError``; Great Expectations takes that for the answer to
    one question and asks on. And while a statement is one long task of the main thread, the handler of a signal does
    not run at all: what ends the statement is a thread that the interpreter tells of the signal at once. Nothing
    suspends the block in between: it would meet other handlers afterwards.

    Raises:
        BaseException: What the handler of the signal raises, at the latest when the block ends.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: handler for number in _SIGNALS if callable(handler := signal.getsignal(number))}
    over = threading.Event()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    watching = threading.Thread(target=_watch, args=(reading, set(before), over), name="interrupts", daemon=True)
    watching.start()

    def note(number: int, frame: FrameType | None) -> None:
        handler = before[signal.Signals(number)]
        _told.append(lambda: handler(number, None))
        _end_statements()  # before the exception closes a connection: it could not be reached any more, and would wait
        with contextlib.suppress(OSError):  # nobody was told of signals before this block
            os.write(outside, bytes([number]))
        handler(number, frame)

    outside = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        for number in before:
            signal.signal(number, note)
        try:
            yield
        except Exception:  # raised again, unless it is what a library made of an interrupt
            stop_if_told()
            raise
        stop_if_told()
    finally:
        over.set()
        _told.clear()
        signal.set_wakeup_fd(outside)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(writing)
        watching.join()
        os.close(reading)


def _watch(reading: int, numbers: set[signal.Signals], over: threading.Event) -> None:
    """Wait for a signal; then end every statement until the block is over.

    Also those that begin because an exception was swallowed.
    """
    while (came := os.read(reading, 1)) and came[0] not in numbers:
        pass
    while not over.is_set():
        _end_statements()
        over.wait(_PAUSE_SECONDS)


def _end_statements() -> None:
    with contextlib.suppress(RuntimeError):  # a connection was opened meanwhile: next time
        for connection in list(_interruptible):
            with contextlib.suppress(Exception):  # it is closed, which each library says in its own way
                connection.interrupt()


def stop_if_told() -> None:
    """Raise again what was raised inside of :func:`insisting`, if something was; called before each of many steps."""
    if _told:
        _told[0]()


def raise_later(unraisable: sys.UnraisableHookArgs) -> None:
    """For ``sys.unraisablehook``: an interrupt that came while an object was collected is raised after that.

    There nothing can be raised, so Python would print a traceback and go on.
    """
    if isinstance(unraisable.exc_value, Exception | SystemExit | GeneratorExit | None):
        sys.__unraisablehook__(unraisable)
    else:  # not at once, or it would be raised in here
        threading.Timer(_PAUSE_SECONDS, _thread.interrupt_main).start()


@contextlib.contextmanager
def noticing() -> Iterator[Callable[[], bool]]:
    """Tell whether a signal to stop came inside the block, whoever handles it and whatever became of what was raised.

    Yields:
        A function that says so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    came = bytearray()

    def told() -> bool:
        with contextlib.suppress(BlockingIOError):
            came.extend(os.read(reading, 4096))
        return any(number in came for number in _SIGNALS)

    try:
        yield told
    finally:
        signal.set_wakeup_fd(before)
        os.close(reading)
        os.close(writing)
