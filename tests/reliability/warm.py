"""The command in forked processes: everything is imported once, each run is a process of its own that may be killed.

A fork server imports what a run needs and never runs anything itself; a run is a fork of it that calls the command's
own entry point. So exit codes, signals and what is left on disk are those of the command; only its start is shorter.
"""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

ID_KEY = "a key that only tests use"
SURROUNDINGS = {"RETENTION_ID_KEY": ID_KEY, "RETENTION_RECEIVED_ON": "2026-01-01", "DO_NOT_TRACK": "1"}

_context = multiprocessing.get_context("forkserver")


def preload() -> None:
    """Have the fork server import what a run needs. All tests share one: whoever asks last before it begins wins."""
    _context.set_forkserver_preload(["tests.reliability.preload"])


@dataclasses.dataclass(frozen=True)
class Ended:
    """How a process ended: exit code (negative: the signal), what it said, how long it took."""

    code: int
    said: str
    seconds: float


@dataclasses.dataclass(frozen=True)
class Going:
    """A process under way."""

    process: BaseProcess
    output: Path
    began: float

    def send(self, number: signal.Signals) -> None:
        assert self.process.pid is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    def end(self, seconds: float = 1800) -> Ended:
        self.process.join(seconds)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            raise AssertionError(f"still going after {seconds} s:\n{self.output.read_text(errors='replace')}")
        took = time.monotonic() - self.began
        return Ended(self.process.exitcode, self.output.read_text(encoding="utf-8", errors="replace"), took)


@dataclasses.dataclass(frozen=True)
class Within:
    """A signal that a process sends itself while dbt is at work inside it, however fast the machine is.

    Attributes:
        stage: Which invocation of ``dbt build`` it is, counted from 0: staging, marts.
        share: How much of the stage's models and tests have been begun by then, from 0 to below 1.
        seconds: How long after the next one of them has begun.
        signal: What is sent.
        noted: A file that gets the moment, of the clock that ``time.monotonic`` reads in every process.
    """

    stage: int
    share: float
    seconds: float
    signal: signal.Signals
    noted: str


def start(target: Callable[..., None], *arguments: Any) -> Going:
    """Call a function in a fork; what it prints goes to a file."""
    descriptor, name = tempfile.mkstemp(prefix="said-")
    os.close(descriptor)
    process = _context.Process(target=_redirected, args=(name, target, arguments))
    began = time.monotonic()
    process.start()
    return Going(process, Path(name), began)


def command(
    config: Path,
    *arguments: str,
    limits: dict[int, int] | None = None,
    within: Within | None = None,
    folder: Path | None = None,
    threads: int | None = None,
    **environment: str | None,
) -> Going:
    """Begin ``retention --config CONFIG ARGUMENTS…``.

    Args:
        config: The shop's configuration.
        arguments: The command and its options.
        limits: Limits of resources by their number, as for ``setrlimit``.
        within: A signal in the middle of dbt's work.
        folder: The working directory.
        threads: How many threads DuckDB uses; one for each core when omitted.
        environment: Variables; None removes one.
    """
    return start(_command, str(config), arguments, limits or {}, within, folder, threads, environment)


def _redirected(name: str, target: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    with Path(name).open("w") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    with contextlib.suppress(AttributeError):
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a text file
    target(*arguments)


def _command(
    config: str,
    arguments: tuple[str, ...],
    limits: dict[int, int],
    within: Within | None,
    folder: Path | None,
    threads: int | None,
    environment: dict[str, str | None],
) -> None:
    for name in [name for name in os.environ if name.startswith("RETENTION_")]:
        del os.environ[name]
    for name, value in {**SURROUNDINGS, **environment}.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if folder is not None:
        os.chdir(folder)
    if threads is not None:
        _use_threads(threads)
    if within is not None:
        interrupt_dbt(within)
    for which, limit in limits.items():
        resource.setrlimit(which, (limit, limit))
    from retention_pipeline.cli import main

    sys.argv = ["retention", "--config", config, *arguments]
    main()


def _use_threads(count: int) -> None:
    """Let every connection of this process, dbt's too, work with so many threads."""
    import duckdb

    original = duckdb.connect

    def connect(database: Any = ":memory:", read_only: bool = False, config: Any = None) -> duckdb.DuckDBPyConnection:
        return original(database, read_only=read_only, config={**(config or {}), "threads": count})

    duckdb.connect = connect


def interrupt_dbt(within: Within) -> None:
    """Send this process a signal in the middle of dbt's work."""
    from dbt.cli.main import dbtRunner

    original, begun, timers = dbtRunner.invoke, [0], list[threading.Timer]()

    def strike() -> None:
        Path(within.noted).write_text(repr(time.monotonic()), encoding="ascii")
        os.kill(os.getpid(), within.signal)

    def watch(event: Any) -> None:
        if event.info.name == "LogStartLine" and not timers and event.data.index > within.share * event.data.total:
            timers.append(threading.Timer(within.seconds, strike))
            timers[0].daemon = True
            timers[0].start()

    def invoke(runner: Any, arguments: list[str], **named: Any) -> Any:
        if arguments[0] == "build":
            if begun[0] == within.stage:
                runner.callbacks.append(watch)
            begun[0] += 1
        return original(runner, arguments, **named)

    dbtRunner.invoke = invoke
