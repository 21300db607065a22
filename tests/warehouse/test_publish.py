from __future__ import annotations

import errno
import json
import os
import resource
import stat
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from retention_pipeline.core.errors import BusyError, CorruptFileError, GateFailedError, StorageError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse import release, versions
from retention_pipeline.warehouse.lock import exclusive
from retention_pipeline.warehouse.publish import publish
from retention_pipeline.warehouse.read import current_version, published_manifest
from retention_pipeline.warehouse.release import PublishedTable
from retention_pipeline.warehouse.verify import verify_version
from retention_pipeline.warehouse.versions import intact_manifests
from tests.warehouse.support import metadata, numbers_in, publish_number, tables


def test_a_version_holds_every_table_as_parquet_and_in_one_database(home: Home) -> None:
    published = publish_number(home, 1)
    names = {path.name for path in published.path.iterdir()}
    files = {f"{table}.parquet" for table in ("facts", "wide", "_checks", "_versions", "_coverage")}
    assert names == files | {"retention.duckdb", "manifest.json", "manifest.json.sha256"}
    with duckdb.connect(str(home.current_link / "retention.duckdb"), read_only=True) as connection:
        ids = [row[0] for row in connection.execute("select id from facts").fetchall()]
        assert ids == sorted(ids)
        assert len(ids) == 50
        described = connection.execute("select table_name, comment from duckdb_tables() order by 1").fetchall()
        assert ("facts", "One row per fact.") in described
        comments = connection.execute("select comment from duckdb_columns() where column_name = 'amount'").fetchall()
        assert comments == [("It's money.",)]
        types = connection.execute("select column_type from (describe wide)").fetchall()
        assert types == [("DATE",), ("INTEGER",), ("DOUBLE",)]
        tags = connection.execute("select tags from duckdb_databases() where database_name = 'retention'").fetchone()
        assert tags == ({"storage_version": "v1.2.0+"},)


def test_rows_that_are_alike_are_written_together_and_in_the_order_of_their_key(home: Home) -> None:
    clustered = PublishedTable(
        name="clustered",
        key=("id", "kind"),
        sql="select 50 - range as id, 'k' || range % 2 as kind, range % 3 = 0 as is_third from range(50)",
        cluster_by=("kind", "is_third"),
    )
    published = publish(home, duckdb.connect(), [clustered], metadata(1), keep=2)
    expected = sorted((f"k{n % 2}", n % 3 == 0, 50 - n) for n in range(50))
    rows = "select kind, is_third, id from"
    assert duckdb.sql(f"{rows} '{published.path / 'clustered.parquet'}'").fetchall() == expected
    with duckdb.connect(str(published.path / "retention.duckdb"), read_only=True) as connection:
        assert connection.execute(f"{rows} clustered").fetchall() == expected


def test_the_manifest_says_where_a_version_comes_from_and_what_it_holds(home: Home) -> None:
    publish_number(home, 1)
    published = publish_number(home, 2)
    content = json.loads((published.path / "manifest.json").read_text())
    assert content == published_manifest(home)
    assert (content["version"], content["previous"]) == ("v000002", "v000001")
    assert content["as_of"] == "2025-03-01"
    assert content["data_through"] == {"orders": "2025-02-28", "feedback": None}
    assert len(content["code_hash"]) == 64
    facts = content["tables"]["facts"]
    assert facts["rows"] == 50
    assert facts["columns"][2] == ["amount", "DECIMAL(18,4)"]
    assert facts["parquet"]["bytes"] == (published.path / "facts.parquet").stat().st_size


def test_publishing_equal_content_again_changes_nothing_but_heals_the_link(home: Home) -> None:
    first = publish_number(home, 1)
    before = {path: path.stat().st_mtime_ns for path in home.published.rglob("*") if path.is_file()}
    home.current_link.unlink()
    home.current_link.symlink_to("v000099")
    (home.published / ".tmp-killed-run").mkdir()
    again = publish_number(home, 1)
    after = {path: path.stat().st_mtime_ns for path in home.published.rglob("*") if path.is_file()}
    assert again.unchanged
    assert (again.version, again.content_hash) == (first.version, first.content_hash)
    lock = home.published / ".lock"
    assert {path: time for path, time in after.items() if path != lock} == {
        path: time for path, time in before.items() if path != lock
    }
    assert home.current_link.resolve() == first.path.resolve()
    assert not list(home.published.glob(".tmp-*"))


def test_tables_that_do_not_count_do_not_make_a_version(home: Home, memory: duckdb.DuckDBPyConnection) -> None:
    publish_number(home, 1)
    changed = [*tables(1)[:2], tables(2)[2]]
    assert publish(home, memory, changed, metadata(2), keep=3).unchanged


def test_a_damaged_current_version_is_replaced_even_if_the_content_is_the_same(home: Home) -> None:
    first = publish_number(home, 1)
    path = first.path / "facts.parquet"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    second = publish_number(home, 1)
    assert not second.unchanged
    assert second.version == "v000002"
    assert second.content_hash == first.content_hash
    verify_version(second.path)


@pytest.mark.parametrize("damage", [b"", b"v000001\n", b"rubbish", None], ids=["empty", "half", "rubbish", "missing"])
def test_a_damaged_pointer_is_healed_by_the_next_publication(home: Home, damage: bytes | None) -> None:
    publish_number(home, 1)
    publish_number(home, 2)
    if damage is None:
        home.current_pointer.unlink()
    else:
        home.current_pointer.write_bytes(damage)
    published = publish_number(home, 2)
    assert (published.version, published.unchanged) == ("v000003", False)
    assert [manifest.content["version"] for manifest in intact_manifests(home)] == ["v000001", "v000002", "v000003"]
    assert numbers_in(home) == {2}


def test_the_last_versions_are_kept_and_all_are_listed_in_each_version(home: Home) -> None:
    for number in range(1, 6):
        published = publish_number(home, number, keep=3)
    assert versions.version_names(home) == ["v000003", "v000004", "v000005"]
    assert published.collected == ("v000002",)
    with duckdb.connect(str(home.current_link / "retention.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select version, as_of::varchar, data_through::varchar, rows_count, run_id, is_kept from _versions"
        ).fetchall()
    assert rows == [(f"v00000{n}", "2025-03-01", "2025-02-28", 52, f"run-{n}", n in {3, 4, 5}) for n in (1, 2, 3, 4, 5)]


def test_at_least_the_current_version_and_the_one_before_stay(home: Home) -> None:
    for number in range(1, 4):
        publish_number(home, number, keep=1)
    assert versions.version_names(home) == ["v000002", "v000003"]


def test_others_may_read_what_is_published_and_nothing_else(home: Home) -> None:
    published = publish_number(home, 1)
    assert stat.S_IMODE(home.root.stat().st_mode) == 0o711
    assert stat.S_IMODE(home.published.stat().st_mode) == 0o755
    assert stat.S_IMODE(published.path.stat().st_mode) == 0o755
    assert {stat.S_IMODE(path.stat().st_mode) for path in published.path.iterdir()} == {0o644}
    assert stat.S_IMODE(home.current_pointer.stat().st_mode) == 0o644


def test_one_of_two_publishers_at_a_time_wins(home: Home) -> None:
    publish_number(home, 1)
    lock = exclusive(home.published / ".lock", run="other", purpose="publication")
    with lock, pytest.raises(BusyError, match=r"process \d+ \(publication other, since 20"):
        publish_number(home, 2)
    assert publish_number(home, 3).version == "v000002"
    assert numbers_in(home) == {3}


def test_a_pointer_that_changed_meanwhile_is_left_alone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_number(home, 1)
    publish_number(home, 2)
    first = versions.Pointer("v000001", versions.intact_manifests(home)[0].database.sha256).data
    original = release.read_back

    def meddle(*arguments: object) -> object:
        home.current_pointer.write_bytes(first)
        return original(*arguments)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(release, "read_back", meddle)
    with pytest.raises(BusyError, match="changed by another publication"):
        publish_number(home, 3)
    assert home.current_pointer.read_bytes() == first
    assert versions.version_names(home) == ["v000001", "v000002"]


def test_a_repeated_key_is_not_published(home: Home, memory: duckdb.DuckDBPyConnection) -> None:
    table = PublishedTable("facts", key=("a", "b"), sql="select 1 as a, null as b from range(2)")
    with pytest.raises(GateFailedError, match="more than one row with a = 1, b = None"):
        publish(home, memory, [table], metadata(1), keep=3)
    assert current_version(home) is None


def test_a_key_that_a_gate_has_proven_is_not_looked_for_again(memory: duckdb.DuckDBPyConnection) -> None:
    asked: list[str] = []

    class Listening:
        def __getattr__(self, name: str) -> object:
            return getattr(memory, name)

        def execute(self, sql: str, *rest: object) -> duckdb.DuckDBPyConnection:
            asked.append(sql)
            return memory.execute(sql, *rest)

    for proven in (True, False):
        asked.clear()
        table = PublishedTable("facts", key=("a",), sql="select range as a from range(2)", key_proven=proven)
        release.measure_table(Listening(), table)  # type: ignore[arg-type]
        assert any("count(DISTINCT" in sql for sql in asked) is not proven


def test_a_type_that_parquet_does_not_keep_is_refused(home: Home, memory: duckdb.DuckDBPyConnection) -> None:
    table = PublishedTable("facts", key=("a",), sql="select sum(range) as a from range(3)")
    with pytest.raises(ValueError, match="column a is HUGEINT"):
        publish(home, memory, [table], metadata(1), keep=3)


def test_a_column_of_nothing_is_text(home: Home, memory: duckdb.DuckDBPyConnection) -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": pd.Series([None, None], dtype="object")})
    published = publish(home, memory, [PublishedTable("t", key=("a",), frame=frame)], metadata(1), keep=3)
    assert published.tables["t"].columns == (("a", "BIGINT"), ("b", "VARCHAR"))


def test_what_was_written_must_be_what_was_built(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_number(home, 1)
    original = release.write_tables

    def lose_a_row(*given: Any) -> None:
        original(*given)
        folder = next(value for value in given if isinstance(value, Path))
        facts = folder / "facts.parquet"
        duckdb.execute(f"copy (from '{facts}' limit 49) to '{facts}.new' (format parquet)")
        facts.with_name("facts.parquet.new").replace(facts)

    monkeypatch.setattr(release, "write_tables", lose_a_row)
    with pytest.raises(CorruptFileError, match=r"facts\.parquet: facts is not what was built"):
        publish_number(home, 2)
    assert numbers_in(home) == {1}


@pytest.mark.parametrize("limit", [0, 100, 600, 2_000, 13_000, 100_000, 400_000])
def test_a_full_disk_leaves_the_current_version_untouched(home: Home, limit: int) -> None:
    first = publish_number(home, 1)
    before = {path: path.read_bytes() for path in home.published.rglob("*") if path.is_file()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(StorageError) as caught:
            publish_number(home, 2)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "no space left" in str(caught.value)
    assert str(home.root) in str(caught.value)
    kept = {path: path.read_bytes() for path in before}
    given_out = home.published / ".last_number"
    assert {p: b for p, b in kept.items() if p != given_out} == {p: b for p, b in before.items() if p != given_out}
    assert versions.version_names(home) == [first.version]
    assert not publish_number(home, 2).unchanged


def test_no_permission_is_a_storage_error_that_names_the_path(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_number(home, 1)
    original = os.open

    def refuse(path: object, *arguments: int, **named: int) -> int:
        if ".tmp-CURRENT" in str(path):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return original(path, *arguments, **named)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(StorageError, match=r"CURRENT.*not permitted"):
        publish_number(home, 2)
    assert numbers_in(home) == {1}
    assert versions.version_names(home) == ["v000001"]
