"""A signal to stop ends what is under way, whatever a library makes of the exception."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import duckdb
import pandas as pd  # noqa: F401  # imported by DuckDB otherwise, which swallows interrupts meanwhile
import pytest

from retention_pipeline.core.interrupts import insisting, noticing, raise_later, stop_if_told
from retention_pipeline.warehouse.connection import connect

LONG = "select count(*) from range(1000000) one, range(1000000) other where one.range * other.range % 7 = 3"


@pytest.fixture(autouse=True)
def _handlers_of_the_command() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, signal.default_int_handler)
    yield
    assert all(signal.getsignal(number) is signal.default_int_handler for number in before), "handlers were left behind"
    for number, handler in before.items():
        signal.signal(number, handler)


def told_to_stop(after: float = 1, number: int = signal.SIGTERM) -> None:
    threading.Timer(after, os.kill, (os.getpid(), number)).start()


def test_duckdb_makes_an_error_of_its_own_of_an_interrupt() -> None:
    """The reason for all this; where it fails, less is needed."""
    con = duckdb.connect()
    con.execute("select 1")  # what DuckDB imports at its first statement swallows an interrupt
    told_to_stop()
    with pytest.raises(RuntimeError, match="interrupted"):
        con.execute(LONG)
    con.interrupt()  # else closing it waits for the statement, which another thread still works on
    con.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_statement_ends_the_block_as_an_interrupt_and_works_on_in_no_thread(number: int) -> None:
    told_to_stop(number=number)
    with pytest.raises(KeyboardInterrupt), insisting(), connect(None) as con:
        con.execute(LONG)
    with connect(None) as con:
        assert con.execute("select 1").fetchall() == [(1,)]


def test_a_statement_that_is_one_long_task_of_the_main_thread_is_ended() -> None:
    """There the handler of the signal does not run: DuckDB asks for signals between tasks."""
    con = connect(None)
    con.execute("set threads = 1")
    con.execute("create table few as select range as number from range(20)")
    told_to_stop()
    with pytest.raises(KeyboardInterrupt), insisting():
        con.execute(LONG.replace("from ", "from few, "))
    con.close()


def test_a_signal_inside_of_a_block_is_noticed_outside_too() -> None:
    with noticing() as told:
        with contextlib.suppress(KeyboardInterrupt), insisting():
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        assert told()


def test_what_is_swallowed_is_raised_before_the_next_step_and_at_the_end() -> None:
    steps = []

    def work(asks: bool) -> None:
        for step in range(3):
            if asks:
                stop_if_told()
            try:
                steps.append(step)
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(5)
            except BaseException:  # noqa: BLE001  # as some library does
                continue

    for asks, taken in ((True, [0]), (False, [0, 1, 2])):
        steps.clear()
        with pytest.raises(KeyboardInterrupt), insisting():
            work(asks)
        assert steps == taken


def test_without_a_signal_nothing_is_raised_and_errors_are_what_they_were() -> None:
    with insisting():
        stop_if_told()
    with pytest.raises(ValueError, match="mine"), insisting():
        raise ValueError("mine")
    stop_if_told()


def test_a_signal_is_noticed_whoever_handles_it() -> None:
    signal.signal(signal.SIGTERM, lambda *_: None)
    with noticing() as told:
        assert not told()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.01)
        assert told()
        assert told()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with noticing() as told:
        assert not told()


def test_an_interrupt_while_an_object_is_collected_is_raised_after_that(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Slow:
        def __del__(self) -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(1)

    monkeypatch.setattr(sys, "unraisablehook", raise_later)
    held = [Slow()]

    def work() -> None:
        held.clear()
        time.sleep(5)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert capsys.readouterr().err == ""


def test_connections_that_are_closed_are_no_hindrance(capsys: pytest.CaptureFixture[str]) -> None:
    closed = connect(None)
    closed.close()
    told_to_stop()
    with pytest.raises(KeyboardInterrupt), insisting(), connect(None) as con:
        con.execute(LONG)
    assert capsys.readouterr().err == ""


def test_other_threads_are_left_alone() -> None:
    said = []

    def work() -> None:
        with noticing() as told, insisting():
            said.append(told())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert said == [False]


def test_a_command_that_is_interrupted_inside_a_statement_says_so() -> None:
    program = (
        "import os, signal, threading, duckdb, pandas\n"
        "from retention_pipeline.cli import app as command\n"
        "duckdb.sql('select 1').show()\n"
        "threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()\n"
        f"command.app = lambda: duckdb.sql('{LONG}').show()\n"
        "command.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr.strip()) == (130, "error: interrupted")
