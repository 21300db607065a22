"""The shape of what is published: additions pass, a break is refused, a new contract version passes and is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import duckdb
import pytest

from retention_pipeline.core.errors import PublishedSchemaError
from retention_pipeline.core.history_tables import VERSIONS
from retention_pipeline.core.home import Home
from retention_pipeline.core.published_schema import schema_changes
from retention_pipeline.warehouse.connection import connect
from retention_pipeline.warehouse.history import Entry
from retention_pipeline.warehouse.publish import Published, publish
from retention_pipeline.warehouse.read import current_version, open_published, published_manifest
from retention_pipeline.warehouse.release import PublishedTable
from tests.warehouse.support import Watcher, metadata, publish_number, tables


def facts(sql: str) -> list[PublishedTable]:
    """The usual tables with other columns in the first."""
    first, *others = tables(2)
    return [replace(first, sql=sql, column_comments={}), *others]


def publish_facts(home: Home, sql: str, watcher: Watcher, **origin: Any) -> Published:
    with connect(None) as connection:
        return publish(home, connection, facts(sql), {**metadata(2), **origin}, keep=3, progress=watcher)


def served(home: Home) -> dict[str, bytes]:
    """Every byte of the version that consumers see."""
    files = [home.current_pointer, *sorted((home.published / "v000001").iterdir())]
    return {path.name: path.read_bytes() for path in files}


AS_BEFORE = "select 1::integer as id, 2::integer as number, 3::decimal(18, 4) as amount, 'x' as note"
BREAKS = {
    "column facts.note is gone": "select 1::integer as id, 2::integer as number, 3::decimal(18, 4) as amount",
    "column facts.amount is DOUBLE and was DECIMAL(18,4)": AS_BEFORE.replace("decimal(18, 4)", "double"),
    "column facts.number is gone": AS_BEFORE.replace("as number", "as count"),
}


@pytest.mark.parametrize("what", BREAKS)
def test_a_column_lost_or_retyped_is_refused_and_the_last_version_stays(home: Home, what: str) -> None:
    publish_number(home, 1)
    before = served(home)
    with pytest.raises(PublishedSchemaError, match="contract version 1 would break") as caught:
        publish_facts(home, BREAKS[what], Watcher())
    assert what in caught.value.message
    assert "v000001 is still served" in caught.value.message
    assert "make schema" in str(caught.value.remedy)
    assert current_version(home) == "v000001"
    assert served(home) == before
    assert not list(home.published.glob(".tmp-*"))


def test_a_table_lost_is_refused(home: Home) -> None:
    publish_number(home, 1)
    with connect(None) as connection, pytest.raises(PublishedSchemaError, match="table wide is gone"):
        publish(home, connection, [tables(2)[0], tables(2)[2]], metadata(2), keep=3)


def test_an_addition_passes_and_is_told(home: Home) -> None:
    publish_number(home, 1)
    watcher = Watcher()
    assert publish_facts(home, f"{AS_BEFORE}, true as is_new", watcher).version == "v000002"
    assert watcher.warnings == ["new in the published schema: column facts.is_new"]


def test_columns_in_another_order_are_the_same_shape(home: Home) -> None:
    publish_number(home, 1)
    watcher = Watcher()
    turned = "select 'x' as note, 3::decimal(18, 4) as amount, 2::integer as number, 1::integer as id"
    assert publish_facts(home, turned, watcher).version == "v000002"
    assert watcher.warnings == []


@pytest.mark.parametrize("what", BREAKS)
def test_a_break_passes_under_a_new_contract_version_and_is_told(home: Home, what: str) -> None:
    publish_number(home, 1)
    watcher = Watcher()
    publish_facts(home, BREAKS[what], watcher, contract_version=2)
    assert any("contract version 2 now, before it was 1" in line and what in line for line in watcher.warnings)
    assert published_manifest(home)["contract_version"] == 2
    with open_published(home) as published:
        rows = published.execute("select version, contract_version from _versions order by version").fetchall()
    assert rows == [("v000001", 1), ("v000002", 2)]


def test_a_version_from_before_contracts_counts_as_the_first(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retention_pipeline.warehouse.contract.NOTED", {})
    publish_number(home, 1)
    assert "contract_version" not in published_manifest(home)
    monkeypatch.undo()
    with pytest.raises(PublishedSchemaError):
        publish_facts(home, BREAKS["column facts.note is gone"], Watcher())


def test_versions_listed_before_a_column_was_added_stay_listed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    older = replace(VERSIONS, columns=tuple(each for each in VERSIONS.columns if each.name != "contract_version"))
    row_of_today = vars(Entry)["row"].fget
    with monkeypatch.context() as patch:
        patch.setattr("retention_pipeline.warehouse.history.VERSIONS", older)
        patch.setattr(Entry, "row", property(lambda entry: row_of_today(entry)[:-1]))
        for number in range(1, 5):
            publish_number(home, number, keep=2)
    publish_number(home, 5, keep=2)
    with duckdb.connect(str(home.current_link / "retention.duckdb"), read_only=True) as connection:
        rows = connection.execute("select version, contract_version, is_kept from _versions order by 1").fetchall()
    assert [row[0] for row in rows] == [f"v00000{number}" for number in range(1, 6)]
    assert [row[1] for row in rows] == [None, None, 1, 1, 1]
    assert [row[2] for row in rows] == [False, False, False, True, True]


def test_types_are_compared_as_duckdb_spells_them() -> None:
    old = {"t": {"a": "DECIMAL(38,4)", "b": "VARCHAR"}}
    new = {"t": {"a": "decimal(38, 4)", "b": "string"}}
    assert schema_changes(old, new).broken == ()
    assert schema_changes(old, {"t": {"a": "DECIMAL(38,8)", "b": "VARCHAR"}}).broken == (
        "column t.a is DECIMAL(38,8) and was DECIMAL(38,4)",
    )
