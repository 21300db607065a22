"""R2, R3, R4: readers during publications, readers of collected versions, two publishers at once."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

import retention_pipeline
from retention_pipeline.core.errors import BusyError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import versions
from retention_pipeline.warehouse.verify import verify_version
from tests.reliability.conftest import Noted
from tests.reliability.figures import size
from tests.reliability.observing import READERS, read_history
from tests.warehouse.support import numbers_in, pipe, publish_number, start

pytestmark = pytest.mark.long
LIMIT_SECONDS = 600


def test_readers_during_publications_see_one_version_and_never_go_back(home: Home, tmp_path: Path, note: Noted) -> None:
    publications, wanted = size(30, 200), size(1_000, 10_000)
    publish_number(home, 0)
    results = [tmp_path / f"{reader.__name__}.json" for reader in READERS]
    ends: list[Connection] = []
    children = []
    for reader, result in zip(READERS, results, strict=True):
        here, there = pipe()
        children.append(start(reader, str(home.root), there, str(result)))
        ends.append(here)
    for here in ends:
        assert here.recv() == "ready"
    deadline, number, looked = time.monotonic() + LIMIT_SECONDS, 0, 0
    while number < publications or (looked < wanted and time.monotonic() < deadline):
        number += 1
        publish_number(home, number, keep=3)
        looked += sum(here.recv() for here in ends if here.poll())
    for here in ends:
        here.send("stop")
    for child in children:
        child.join(120)
        assert child.exitcode == 0
    histories = [read_history(result) for result in results]
    faults = [fault for history in histories for fault in history.faults()]
    looks = sum(len(history.seen) for history in histories)
    assert faults == []
    assert looks >= wanted
    assert all(len(history.seen) > 20 for history in histories)
    each = ", ".join(f"{history.reader} {len(history.seen):,}" for history in histories)
    mixed = sum(len(numbers) != 1 for history in histories for numbers in history.seen)
    note("R2", f"4 readers during {number} publications", looks, looks - mixed - len(faults), each)


def test_a_reader_finishes_on_a_version_that_is_collected_meanwhile(home: Home, note: Noted) -> None:
    rounds, kept = size(10, 100), 0
    for first in range(1, rounds + 1):
        version = publish_number(home, 10 * first, keep=2).version
        with retention_pipeline.connect(home.root) as connection:
            for following in range(1, 4):
                publish_number(home, 10 * first + following, keep=2)
            assert not (home.published / version).exists()
            kept += connection.execute("select distinct number from facts").fetchall() == [(10 * first,)]
    note("R3", "a reader's version is collected while it reads", rounds, kept, "finished, errors 0")


def publish_with_lock(root: str, number: int, told: Connection) -> None:
    """In a child process: publish as a run does."""
    told.recv()
    try:
        told.send(publish_number(Home(Path(root)), number, keep=50).version)
    except BusyError as error:
        told.send(error.message)


def test_publishers_that_race_to_current_come_one_after_the_other(home: Home, note: Noted) -> None:
    """Whoever comes second compares with what the first one published; no version is lost, none is mixed."""
    races, sound, busy = size(5, 50), 0, 0
    publish_number(home, 0)
    for race in range(1, races + 1):
        numbers, ends, children = (2 * race - 1, 2 * race), [], []
        for number in numbers:
            here, there = pipe()
            children.append(start(publish_with_lock, str(home.root), number, there))
            ends.append(here)
        for here in ends:
            here.send("go")
        said = [here.recv() for here in ends]
        for child in children:
            child.join(60)
        won = sorted(name for name in said if name.startswith("v0"))
        busy += sum("is being written by process" in text for text in said)
        pointer = versions.require_pointer(home)
        verify_version(home.published / pointer.version, expected=pointer.manifest_sha256)
        current = numbers_in(home)
        sound += pointer.version == won[-1] and len(set(won)) == len(won) and current == {numbers[said.index(won[-1])]}
    note("R4", "two publishers race to CURRENT", races, sound, f"one first, one next; {busy} told busy")
