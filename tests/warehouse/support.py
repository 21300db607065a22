"""Small tables to publish, and processes that die while they do."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import os
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pandas as pd

from retention_pipeline.config import Settings
from retention_pipeline.core.home import Home
from retention_pipeline.core.progress import Silent
from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.publish import Published, publish
from retention_pipeline.warehouse.read import open_published
from retention_pipeline.warehouse.release import PublishedTable

TABLES = ("facts", "wide", "_checks")

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.warehouse.support"])


def tables(number: int) -> list[PublishedTable]:
    """Three tables that all carry the same number, so that a mixture of versions shows."""
    return [
        PublishedTable(
            name="facts",
            key=("id",),
            sql=f"select cast(50 - range as integer) as id, cast({number} as integer) as number, "
            "cast(range / 3 as decimal(18, 4)) as amount, case when range % 7 = 0 then null else 'x' end as note "
            "from range(50)",
            comment="One row per fact.",
            column_comments={"amount": "It's money."},
        ),
        PublishedTable(
            name="wide",
            key=("day",),
            frame=pd.DataFrame({"day": ["2025-02-01", "2025-01-01"], "number": [number, number], "nothing": None}),
            column_types={"day": "DATE", "number": "INTEGER", "nothing": "DOUBLE"},
        ),
        PublishedTable(
            name="_checks",
            key=("number",),
            frame=pd.DataFrame({"number": [number]}),
            counts_for_content=False,
        ),
    ]


def metadata(number: int) -> dict[str, Any]:
    """What a manifest must say about its origin."""
    return {
        "run_id": f"run-{number}",
        "as_of": "2025-03-01",
        "data_through": {"orders": "2025-02-28", "feedback": None},
        "inputs_fingerprint": "f" * 64,
        "config_hash": "c" * 64,
        "id_key_fingerprint": "00000000",
    }


class Watcher(Silent):
    """Keeps what it is warned of."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def warn(self, message: str) -> None:
        self.warnings.append(message)


def publish_number(home: Home, number: int, *, keep: int = 3, **origin: Any) -> Published:
    """Publish the version whose tables all carry ``number``; ``origin`` replaces entries of its metadata."""
    with connect(None) as connection:
        return publish(home, connection, tables(number), {**metadata(number), **origin}, keep=keep)


def numbers_in(home: Home, version: str | None = None) -> set[int]:
    """Every number found in the tables of a version; exactly one unless versions are mixed."""
    with open_published(home, version) as connection:
        rows = connection.execute(" union ".join(f"select number from {table}" for table in TABLES)).fetchall()
    return {number for (number,) in rows}


def pipe() -> tuple[Connection, Connection]:
    """Two connected ends for talking with a process."""
    return _context.Pipe()


def start(target: Any, *arguments: Any) -> BaseProcess:
    """Run a function of a test module in a process of its own."""
    process = _context.Process(target=target, args=arguments)
    process.start()
    return process


def publish_with_failpoint(root: Path, number: int, failpoint: str, keep: int) -> None:
    """In a child process: publish, acting up at a failpoint."""
    os.environ["RETENTION_FAILPOINT"] = failpoint
    publish_number(Home(root), number, keep=keep)


def settings(root: Path, **sources: dict[str, Any]) -> Settings:
    """A minimal configuration."""
    return Settings.model_validate(
        {
            "shop": {"name": "Test", "timezone": "Europe/Berlin", "currency": "EUR"},
            "sources": {"orders": {"path": "orders/{date}.csv"}, **sources},
            "home_dir": root / "home",
            "config_path": root / "retention.toml",
        }
    )


def on_day(number: int) -> dt.date:
    """A day of March 2025."""
    return dt.date(2025, 3, number)
