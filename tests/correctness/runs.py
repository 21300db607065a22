"""Running the whole job on a shop in this process.

Belongs here: from deliveries to a published version. Not here: what is compared.
"""

from __future__ import annotations

import datetime as dt
import io
import shutil
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from rich.console import Console

from retention_pipeline.cli.running import Wanted, run_job
from retention_pipeline.config import load_settings
from retention_pipeline.core.progress import Silent
from retention_pipeline.intake.ingest import ingest
from retention_pipeline.warehouse.read import current_version, published_manifest
from retention_pipeline.warehouse.store import open_store
from tests.correctness.tables import Published

ID_KEY = "a key that only tests use"
RECEIVED = dt.date(2026, 1, 1)


def run(
    config: Path, as_of: dt.date, *, id_key: str = ID_KEY, parsed: Path | None = None, threads: int | None = None
) -> Published:
    """Run the job in this process.

    Args:
        config: The shop's configuration.
        as_of: The date of the run.
        id_key: Key for customer ids.
        parsed: Folder ``dbt`` of another home: parsing the project takes seconds and is the same for every shop.
        threads: Threads of every database connection; DuckDB's own choice where None.
    """
    settings = load_settings(config)
    if parsed is not None and not (settings.home_dir / "dbt").exists():
        shutil.copytree(parsed, settings.home_dir / "dbt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RETENTION_ID_KEY", id_key)
        patch.setenv("RETENTION_RECEIVED_ON", RECEIVED.isoformat())
        if threads is not None:
            _limit_threads(patch, threads)
        run_job(settings, Wanted(as_of), Console(file=io.StringIO(), width=120))
    return published(config)


def published(config: Path) -> Published:
    """The current version of a shop."""
    home = load_settings(config).home
    tables = published_manifest(home)["tables"]
    keys = {name: tuple(table["key"]) for name, table in tables.items() if not name.startswith("_")}
    version = current_version(home)
    assert version is not None
    return Published(home.published / version / "retention.duckdb", keys)


def ingest_some(config: Path, random: Random, id_key: str = ID_KEY) -> None:
    """Take in a random half of the daily files before the others have arrived."""
    settings = load_settings(config)
    late = [path for path in sorted(config.parent.glob("*/*.csv")) if random.random() < 0.5]
    for path in late:
        path.rename(path.with_suffix(".later"))
    with open_store(settings.home) as store:
        ingest(store, settings, id_key.encode(), received_date=RECEIVED, progress=Silent())
    for path in late:
        path.with_suffix(".later").rename(path)


def _limit_threads(patch: pytest.MonkeyPatch, threads: int) -> None:
    original = duckdb.connect

    def connect(*arguments: Any, **named: Any) -> duckdb.DuckDBPyConnection:
        connection = original(*arguments, **named)
        connection.execute(f"set threads = {threads}")
        return connection

    patch.setattr(duckdb, "connect", connect)
