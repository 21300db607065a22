"""Fifteen orders in a file: enough for a gate to run on, for tests of the gate itself."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from retention_pipeline.quality.parameters import list_literal

PARAMETERS = {
    "as_of": "2024-04-10",
    "data_through": "2024-04-10",
    "tickets_through": "2024-04-10",
    "min_cell_size": "2",
    "activity_window_days": "45",
    "final_grace_days": "0",
    "currency": "EUR",
    "timezone": "Europe/Berlin",
    "week_start": "monday",
    "minimum_amount": "0.0",
    "max_quarantined_share": "0.05",
    "tolerated_quarantined_rows": "0",
    "max_rate_age_days": "7",
    "control_sigmas": "3.0",
    "control_floor": "0.01",
    "fx_reference_date": "0001-01-01",
    "sla_hours": "null",
    "excluded_statuses": list_literal(["cancelled", "void", "test", "fraud"]),
    "grains": list_literal(["month", "quarter"]),
    "cohort_grains": list_literal(["month"]),
    "segments": list_literal(["country"]),
    "derived_segments": list_literal([]),
    "sources": list_literal(["orders"]),
}

_STATUSES = {6: "refunded", 7: "cancelled"}


@dataclass(frozen=True)
class TinyFiles:
    """An empty store and a build file with the orders."""

    store: Path
    build: Path


def make_tiny(folder: Path) -> TinyFiles:
    """Write both files."""
    files = TinyFiles(folder / "store.duckdb", folder / "build.duckdb")
    with duckdb.connect(str(files.store)) as connection:
        connection.execute("create schema raw")
    rows = [(f"o{number:02}", f"{number:032x}", _STATUSES.get(number, "paid")) for number in range(1, 16)]
    with duckdb.connect(str(files.build)) as connection:
        connection.execute("create schema staging")
        connection.execute("create table staging.stg_orders (order_id varchar, customer_id varchar, status varchar)")
        connection.executemany("insert into staging.stg_orders values (?, ?, ?)", rows)
        connection.execute("update staging.stg_orders set customer_id = null where order_id = 'o10'")
    return files
