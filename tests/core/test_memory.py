from __future__ import annotations

import os
import resource
from pathlib import Path

import pytest

from retention_pipeline.config import load_settings
from retention_pipeline.core import memory
from retention_pipeline.core.errors import ConfigError, StorageError
from retention_pipeline.quality.database import open_database
from retention_pipeline.warehouse.connection import connect


def test_the_limit_of_the_environment_reaches_every_kind_of_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(memory.MEMORY_LIMIT, "300MiB")
    with connect(tmp_path / "a.duckdb") as connection:
        assert connection.execute("select current_setting('memory_limit')").fetchall() == [("300.0 MiB",)]
    with open_database(tmp_path / "a.duckdb", {}) as checked:
        assert checked.exec_driver_sql("select current_setting('memory_limit')").fetchall() == [("300.0 MiB",)]


def test_a_query_beyond_the_limit_spills_and_ends_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(memory.MEMORY_LIMIT, "100MB")
    with connect(tmp_path / "a.duckdb") as connection:
        connection.execute("create table t as select hash(range) as h, range as i from range(6_000_000)")
        connection.execute("create table sorted as select * from t order by h")
        assert connection.execute("select count(*), sum(i) from sorted").fetchall() == [(6_000_000, 17999997000000)]


@pytest.mark.parametrize(("container", "expected"), [("4294967296", "2048MiB"), ("max", "8192MiB"), (None, "8192MiB")])
def test_half_of_what_the_container_or_the_machine_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, container: str | None, expected: str
) -> None:
    monkeypatch.delenv(memory.MEMORY_LIMIT, raising=False)
    limit = tmp_path / "memory.max"
    if container is not None:
        limit.write_text(f"{container}\n")
    monkeypatch.setattr(memory, "_CONTAINER_LIMITS", (limit,))
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 4 * 1024**2}.__getitem__)
    assert memory.memory_limit() == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("600MB", 600_000_000), ("1.5 GiB", 1_610_612_736), ("20kib", 20_480), ("1 TB", 1_000_000_000_000)],
)
def test_the_limit_as_a_number_of_bytes(monkeypatch: pytest.MonkeyPatch, value: str, expected: int) -> None:
    monkeypatch.setenv(memory.MEMORY_LIMIT, value)
    assert memory.memory_bytes() == expected


@pytest.mark.parametrize("value", ["lots", "6", "80%", "-1GB", "0GB"])
def test_an_amount_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, value: str) -> None:
    monkeypatch.setenv(memory.MEMORY_LIMIT, value)
    with pytest.raises(ConfigError, match="RETENTION_MEMORY_LIMIT"):
        load_settings(tmp_path / "retention.toml")


@pytest.mark.parametrize("kind", [resource.RLIMIT_DATA, resource.RLIMIT_AS])
def test_a_run_that_may_use_too_little_is_refused_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: int
) -> None:
    def limits(asked: int) -> tuple[int, int]:
        return (300 * 1024**2 if asked == kind else resource.RLIM_INFINITY, resource.RLIM_INFINITY)

    monkeypatch.setattr(resource, "getrlimit", limits)
    monkeypatch.delenv(memory.MEMORY_LIMIT, raising=False)
    with pytest.raises(StorageError, match="needs at least 600 MiB of memory, this process may use 300"):
        memory.require_memory(tmp_path)
    assert memory.memory_limit() == "150MiB"
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    memory.require_memory(tmp_path)
