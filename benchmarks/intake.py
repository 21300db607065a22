"""Intake beside DuckDB's own typed read of the same files: ``python -m benchmarks.intake FOLDER --orders N``.

Belongs here: both ways of getting one source's files into a database file. Not here: whole runs (``contenders``).
"""

from __future__ import annotations

import argparse
import datetime as dt
import resource
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from benchmarks.shop import Shop, write_shop
from retention_pipeline.config import load_settings
from retention_pipeline.core.home import Home
from retention_pipeline.core.progress import Silent
from retention_pipeline.intake.ingest import SourceIntake
from retention_pipeline.warehouse.store import open_store

RECEIVED = dt.date(2026, 1, 1)
COLUMNS = {
    "order_id": "VARCHAR", "customer_id": "VARCHAR", "ordered_at": "TIMESTAMP", "amount": "DECIMAL(18, 4)",
    "status": "VARCHAR", "refund_amount": "DECIMAL(18, 4)",
}  # fmt: skip
"""What the simulated shop delivers, in its order: DuckDB goes by position."""


def typed_read(shop: Shop, folder: Path) -> int:
    """DuckDB's own reading, types given, into a database file; returns the number of rows."""
    types = ", ".join(f"'{name}': '{kind}'" for name, kind in COLUMNS.items())
    database = folder / "typed.duckdb"
    database.unlink(missing_ok=True)
    with duckdb.connect(str(database)) as connection:
        suffix = "csv" if list((shop.folder / "landing" / "orders").glob("*.csv")) else "parquet"
        files = f"{shop.folder}/landing/orders/*.{suffix}"
        read = f"read_csv('{files}', header = true, columns = {{{types}}})" if suffix == "csv" else f"'{files}'"
        connection.execute(f"create table orders as select * from {read}")
        row = connection.execute("select count(*) from orders").fetchone()
    return int(row[0]) if row else 0


def intake(shop: Shop, folder: Path, number: int) -> int:
    """The product's intake into a new store: prescan, exact casts, hashed customers; returns the rows loaded."""
    home = Home(folder / f"home-{number}")
    settings = load_settings(shop.config, home.root)
    with open_store(home) as store:
        scratch = home.temporary / "intake"
        scratch.mkdir(parents=True)
        source = SourceIntake.plan(store, settings, "orders")
        source.run(b"a key for measurements", RECEIVED, scratch, Silent())
    return source.report.loaded


def measured(what: Callable[[], int]) -> tuple[int, float, float]:
    """Rows, seconds by the clock and of the processor."""
    before, began = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    rows = what()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return rows, time.perf_counter() - began, cpu


def compare(shop: Shop, folder: Path, number: int) -> str:
    """Both ways, one after the other, in a line."""
    rows, wall, cpu = measured(lambda: typed_read(shop, folder))
    loaded, taken, work = measured(lambda: intake(shop, folder, number))
    return (
        f"DuckDB's typed read of {rows:,} rows {wall:.2f} s, {cpu:.2f} s of CPU; intake of {loaded:,} {taken:.2f} s,"
        f" {work:.2f} s of CPU: {taken / wall:.1f} and {work / cpu:.1f} times"
    )


def main() -> None:
    """Print both and their ratio, for CSV and for Parquet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--repetitions", type=int, default=2)
    wanted = parser.parse_args()
    for suffix in ("csv", "parquet"):
        folder = wanted.folder / suffix
        shop = write_shop(folder / "shop", wanted.orders, suffix=suffix)
        for number in range(wanted.repetitions):
            print(f"{suffix:8} {compare(shop, folder, number)}")


if __name__ == "__main__":
    main()
