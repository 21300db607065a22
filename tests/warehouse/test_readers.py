from __future__ import annotations

import threading
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb
import pytest

import retention_pipeline
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import manifest, read
from tests.warehouse import support
from tests.warehouse.support import TABLES, numbers_in, publish_number, start

PUBLICATIONS = 50
PAUSE = 0.05


def read_until_told(root: Path, told: Connection) -> None:
    """In a child process: open the current version again and again; send what was seen."""
    seen: list[frozenset[int]] = []
    while not told.poll(PAUSE):
        seen.append(frozenset(numbers_in(Home(root))))
    told.send(seen)


def read_parquet_until(home: Home, stop: threading.Event, seen: list[frozenset[int]]) -> None:
    """Follow the link once, then read all tables of the version it led to."""
    with duckdb.connect() as connection:
        while not stop.wait(PAUSE):
            folder = home.current_link.resolve()
            union = " union ".join(f"select number from '{folder}/{table}.parquet'" for table in TABLES)
            seen.append(frozenset(number for (number,) in connection.execute(union).fetchall()))


@pytest.mark.long
def test_readers_during_fifty_publications_see_no_error_and_no_mixture(home: Home) -> None:
    publish_number(home, 0)
    here, there = support.pipe()
    child = start(read_until_told, home.root, there)
    there.close()
    stop, by_link = threading.Event(), list[frozenset[int]]()
    thread = threading.Thread(target=read_parquet_until, args=(home, stop, by_link))
    thread.start()
    with retention_pipeline.connect(home.root) as long_lived:
        for number in range(1, PUBLICATIONS + 1):
            publish_number(home, number, keep=10)
        assert long_lived.execute("select distinct number from facts").fetchall() == [(0,)]
    stop.set()
    here.send("stop")
    seen = here.recv()
    thread.join(60)
    child.join(60)
    assert child.exitcode == 0
    for observed in (seen, by_link):
        assert len(observed) >= 10
        assert all(len(numbers) == 1 for numbers in observed)
        order = [next(iter(numbers)) for numbers in observed]
        assert order == sorted(order)
    assert numbers_in(home) == {PUBLICATIONS}


def test_a_reader_keeps_its_version_after_it_has_been_collected(home: Home) -> None:
    publish_number(home, 1)
    with retention_pipeline.connect(home.root) as connection:
        for number in range(2, 6):
            publish_number(home, number, keep=2)
        assert not (home.published / "v000001").exists()
        assert connection.execute("select count(*), max(number) from facts").fetchall() == [(50, 1)]


def test_a_version_that_is_collected_while_it_is_being_opened_is_passed_over(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_number(home, 1)
    original, slow = manifest.read_manifest, [2, 3, 4]

    def publish_meanwhile(*arguments: object, **named: object) -> object:
        while slow:
            publish_number(home, slow.pop(0), keep=2)
        return original(*arguments, **named)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(read, "read_manifest", publish_meanwhile)
    assert numbers_in(home) == {4}
