"""Versions of an earlier program are compared as far as their columns can be told in today's terms."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from retention_pipeline.core.tables import METRIC_VALUES
from retention_pipeline.warehouse.ledger import ledger
from retention_pipeline.warehouse.manifest import FileRecord, Manifest, TableRecord
from tests.warehouse.support import Watcher, settings


def former(*, without: str) -> Manifest:
    columns = tuple((column.name, column.type) for column in METRIC_VALUES.columns if column.name != without)
    record = TableRecord(1, "", True, METRIC_VALUES.key, columns, FileRecord("metric_values.parquet", 1, ""))
    return Manifest("v000001", None, "", "", {}, {METRIC_VALUES.name: record}, FileRecord("retention.duckdb", 1, ""))


@pytest.mark.parametrize(("without", "is_compared"), [("assumptions", True), ("metric", False)])
def test_a_column_that_may_be_null_is_no_reason_to_compare_nothing(
    without: str, is_compared: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    looked: list[object] = []

    def nothing_changed(connection: object) -> bool:
        looked.append(connection)
        return False

    package = "retention_pipeline.warehouse.ledger.ledger"
    monkeypatch.setattr(f"{package}.cells.find_changed_cells", nothing_changed)
    monkeypatch.setattr(f"{package}.causes.write_no_rows", lambda _: None)
    upcoming = ledger.Upcoming("v000002", str(dt.date(2025, 3, 1)), "", {})
    told = Watcher()
    made = ledger.Ledger(settings(tmp_path), pd.DataFrame(), pd.DataFrame())
    with duckdb.connect() as connection:
        assert made._compare(connection, former(without=without), upcoming, told) == []
    assert bool(looked) == is_compared
    assert bool(told.warnings) != is_compared
