"""Readers that note which version's number they see in every table, and a history of it that can be judged.

A publication of the helper in ``tests/warehouse/support`` carries one number in all of its tables, so an observation is
the set of numbers found; anything but one number is a mixture of versions.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import duckdb

import retention_pipeline
from retention_pipeline.core.errors import NothingPublishedError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import verify
from retention_pipeline.warehouse.read import current_version
from tests.warehouse.support import TABLES

_UNION = " union ".join("select number from {" + table + "}" for table in TABLES)
_PAUSE = 0.002
REPORTED_LOOKS = 20
"""How many looks a reader makes between two messages that say so."""


@dataclasses.dataclass
class History:
    """What one reader saw, in order."""

    reader: str
    seen: list[list[int]] = dataclasses.field(default_factory=list)
    errors: list[str] = dataclasses.field(default_factory=list)
    may_go_back: bool = False

    def faults(self) -> list[str]:
        """Every breach: an error, a mixture, a step back."""
        mixed = [f"{self.reader}: a mixture of {numbers}" for numbers in self.seen if len(numbers) != 1]
        order = [numbers[0] for numbers in self.seen if len(numbers) == 1]
        back = [f"{self.reader}: from {a} back to {b}" for a, b in itertools.pairwise(order) if b < a]
        return [*self.errors, *mixed, *([] if self.may_go_back else back)]


def fresh(root: str, told: Connection, result: str) -> None:
    """Opens the current version anew for each look, verified, as a process that has just begun would."""

    def look() -> list[int]:
        verify._verified.clear()
        with retention_pipeline.connect(root) as connection:
            return _numbers(connection)

    _observe(History("a fresh process"), look, told, result)


def long_connection(root: str, told: Connection, result: str) -> None:
    """Keeps one connection for fifty looks, then opens another."""
    kept: list[duckdb.DuckDBPyConnection] = []
    looks = 0

    def look() -> list[int]:
        nonlocal looks
        if looks % 50 == 0:
            while kept:
                kept.pop().close()
            kept.append(retention_pipeline.connect(root))
        looks += 1
        return _numbers(kept[0])

    _observe(History("a long connection"), look, told, result)


def parquet_by_link(root: str, told: Connection, result: str) -> None:
    """Follows the link once a look, then reads the Parquet files of that version with nothing but DuckDB."""
    home, connection = Home(Path(root)), duckdb.connect()

    def look() -> list[int]:
        while True:
            folder = home.current_link.resolve()
            try:
                sources = {table: f"read_parquet('{folder / table}.parquet')" for table in TABLES}
                return _all(connection, _UNION.format(**sources))
            except duckdb.IOException:
                if folder.exists():
                    raise  # a version that was collected between link and file is no fault: look again

    _observe(History("Parquet by the link"), look, told, result)


def pinned(root: str, told: Connection, result: str) -> None:
    """Opens one version by its name each time, the next kept one once it has been collected."""
    home, name = Home(Path(root)), current_version(Home(Path(root)))

    def look() -> list[int]:
        nonlocal name
        try:
            with retention_pipeline.connect(root, version=name) as connection:
                return _numbers(connection)
        except NothingPublishedError:
            name = current_version(home)
            return look()

    _observe(History("a pinned version", may_go_back=True), look, told, result)


READERS = (fresh, long_connection, parquet_by_link, pinned)


def read_history(path: Path) -> History:
    """What a reader wrote down."""
    return History(**json.loads(path.read_text(encoding="utf-8")))


def _observe(history: History, look: Callable[[], list[int]], told: Connection, result: str) -> None:
    """Look until told to stop."""
    told.send("ready")
    while not told.poll(_PAUSE):
        try:
            history.seen.append(sorted(look()))
            if len(history.seen) % REPORTED_LOOKS == 0:
                told.send(REPORTED_LOOKS)
        except Exception as error:  # noqa: BLE001  # every error is a breach, and is reported as one
            history.errors.append(f"{history.reader}: {type(error).__name__}: {error}")
    Path(result).write_text(json.dumps(dataclasses.asdict(history)), encoding="utf-8")


def _numbers(connection: duckdb.DuckDBPyConnection) -> list[int]:
    return _all(connection, _UNION.format(**{table: table for table in TABLES}))


def _all(connection: duckdb.DuckDBPyConnection, sql: str) -> list[int]:
    return [number for (number,) in connection.execute(sql).fetchall()]
