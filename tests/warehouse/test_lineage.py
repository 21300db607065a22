"""The main line of versions: what is compared with what, what is protected, what is remembered of removed versions."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest

from retention_pipeline.core.history_tables import VERSIONS
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import versions
from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.history import _carried
from retention_pipeline.warehouse.ledger.lineage import lineage
from retention_pipeline.warehouse.manifest import FileRecord, Manifest, TableRecord
from retention_pipeline.warehouse.publish import publish
from retention_pipeline.warehouse.read import open_published
from retention_pipeline.warehouse.versions import intact_manifests
from tests.warehouse.support import Watcher, metadata, publish_number, tables

DAYS = ("2025-03-01", "2025-03-02", "2025-03-03")


def publish_days(home: Home, *days: str, keep: int = 3) -> None:
    for number, day in enumerate(days, start=1):
        publish_number(home, number, keep=keep, as_of=day)


def head(home: Home, as_of: str) -> str | None:
    found = lineage(home, intact_manifests(home), as_of).baseline
    return None if found is None else found.version


def test_a_version_is_compared_with_the_last_one_for_an_earlier_or_the_same_date(home: Home) -> None:
    assert head(home, "2025-03-01") is None
    publish_days(home, *DAYS)
    assert head(home, "2025-03-04") == "v000003"
    assert head(home, "2025-03-03") == "v000003"


def test_an_earlier_date_is_a_reenactment_and_does_not_become_what_is_compared_with(home: Home) -> None:
    publish_days(home, *DAYS[:2], DAYS[0])
    place = lineage(home, intact_manifests(home), DAYS[0])
    assert place.is_reenactment
    assert place.baseline is None
    assert head(home, "2025-03-04") == "v000002"
    with open_published(home) as published:
        rows = published.execute("select version, is_reenactment from _versions order by version").fetchall()
    assert rows == [("v000001", False), ("v000002", False), ("v000003", True)]


def test_the_last_of_the_main_line_outlives_any_number_of_reenactments(home: Home) -> None:
    publish_days(home, DAYS[1], *[DAYS[0]] * 5, keep=2)
    assert versions.version_names(home) == ["v000001", "v000005", "v000006"]
    assert head(home, "2025-03-04") == "v000001"
    with open_published(home) as published:
        rows = published.execute("select version, is_kept from _versions order by version").fetchall()
    kept = {"v000001", "v000005", "v000006"}
    assert rows == [(f"v00000{number}", f"v00000{number}" in kept) for number in range(1, 7)]


@pytest.mark.parametrize("changed", ["config_hash", "definitions_hash"])
def test_the_last_version_before_other_definitions_stays_readable(home: Home, changed: str) -> None:
    for number in range(1, 9):
        publish_number(home, number, keep=2, **{"definitions_hash": "d", changed: "old" if number < 4 else "new"})
    assert versions.version_names(home) == ["v000003", "v000007", "v000008"]
    publish_number(home, 9, keep=2, **{"definitions_hash": "d", changed: "newest"})
    publish_number(home, 10, keep=2, **{"definitions_hash": "d", changed: "newest"})
    assert versions.version_names(home) == ["v000008", "v000009", "v000010"]


def test_a_version_whose_manifest_is_damaged_is_named_when_it_stands_later(home: Home) -> None:
    publish_days(home, *DAYS)
    for name in ("v000001", "v000003"):
        (home.published / name / "manifest.json").write_bytes(b"{")
    told = Watcher()
    with connect(None) as connection:
        publish(home, connection, tables(4), {**metadata(4), "as_of": "2025-03-04"}, keep=3, progress=told)
    assert [text for text in told.warnings if "v000003: cannot be read" in text and "v000002 stands in" in text]
    assert "v000001" not in " ".join(told.warnings)


def test_a_damaged_version_is_passed_over(home: Home) -> None:
    publish_days(home, *DAYS)
    damaged = home.published / "v000003" / "_versions.parquet"
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    place = lineage(home, intact_manifests(home), "2025-03-04")
    assert place.baseline is not None
    assert place.baseline.version == "v000002"
    assert place.damaged == ("v000003",)
    publish_number(home, 4, as_of="2025-03-04")
    with open_published(home) as published:
        listed = published.execute("select version from _versions order by 1").fetchall()
    assert listed == [(f"v00000{number}",) for number in (1, 2, 3, 4)]


def test_how_far_each_source_was_delivered_is_remembered_of_removed_versions(home: Home) -> None:
    for number, day in enumerate(("2025-02-27", "2025-02-28", "2025-03-01", "2025-03-02"), start=1):
        publish_number(home, number, keep=2, as_of=day, data_through={"orders": day, "feedback": None})
    with open_published(home) as published:
        rows = published.execute("select * from _coverage where version = 'v000001' order by source").fetchall()
    assert rows == [("v000001", "feedback", None), ("v000001", "orders", dt.date(2025, 2, 27))]


def test_a_list_from_before_a_column_was_added_is_carried_on(home: Home, memory: duckdb.DuckDBPyConnection) -> None:
    """Else the first version with a new column would forget every version that has been removed."""
    older = [column for column in VERSIONS.columns if column.name != "build"]
    path = home.published / "v000007" / "_versions.parquet"
    path.parent.mkdir(parents=True)
    values = ", ".join(f"{'true' if c.type == 'BOOLEAN' else 'null'}::{c.type} as {c.name}" for c in older[1:])
    memory.execute(f"copy (select 'v000001' as version, {values}) to '{path}' (format parquet)")
    columns = tuple((column.name, column.type) for column in older)
    record = TableRecord(1, "", False, VERSIONS.key, columns, FileRecord.of(path))
    manifest = Manifest("v000007", None, "", "", {}, {VERSIONS.name: record}, record.parquet)
    (row,) = _carried(memory, home, [manifest], VERSIONS, 1).values()
    assert dict(zip(VERSIONS.column_names, row, strict=True))["build"] is None
    assert row[-1] is True
