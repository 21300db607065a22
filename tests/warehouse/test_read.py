from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

import retention_pipeline
from retention_pipeline.core.errors import ExitCode, StorageError
from retention_pipeline.core.home import Home
from retention_pipeline.warehouse.read import QueryError, run_select, write_parquet
from retention_pipeline.warehouse.versions import intact_manifests
from tests.warehouse.support import publish_number


def test_connect_opens_the_current_version_read_only_in_utc(home: Home) -> None:
    publish_number(home, 1)
    with retention_pipeline.connect(str(home.root)) as connection:
        assert connection.execute("select count(*) from facts").fetchone() == (50,)
        assert connection.execute("select current_setting('TimeZone')").fetchone() == ("UTC",)
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            connection.execute("create table t as select 1")
    assert not list(home.published.rglob("*.wal"))
    assert not list(home.published.rglob("*.tmp"))


def test_connect_opens_an_older_version_by_name(home: Home) -> None:
    publish_number(home, 1)
    publish_number(home, 2)
    with retention_pipeline.connect(home.root, version="v000001", verify=False) as connection:
        assert connection.execute("select distinct number from facts").fetchall() == [(1,)]
    assert [manifest.content["version"] for manifest in intact_manifests(home)] == ["v000001", "v000002"]


def test_a_query_returns_names_and_rows(home: Home) -> None:
    publish_number(home, 1)
    assert run_select(home.root, "select day, number from wide order by day limit 1; ")[0] == ["day", "number"]
    assert run_select(home, "from facts where id = 1 -- the first")[1][0][:2] == (1, 1)
    assert run_select(home, "show tables")[1] == [
        (name,) for name in ("_checks", "_coverage", "_versions", "facts", "wide")
    ]


@pytest.mark.parametrize(
    "sql",
    ["selec 1", "select nothing from facts", "", "drop table facts", "select 1; select 2", "copy facts to 'x.csv'",
     "attach 'x.duckdb'", "explain analyze copy facts to 'x.csv'"],
)  # fmt: skip
def test_a_query_that_is_not_one_valid_select_is_a_usage_error(
    home: Home, sql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_number(home, 1)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(QueryError) as caught:
        run_select(home, sql)
    assert caught.value.exit_code == ExitCode.USAGE
    assert not list(tmp_path.glob("x.*"))


def test_a_result_is_written_as_parquet(home: Home, tmp_path: Path) -> None:
    publish_number(home, 1)
    target = tmp_path / "it's.parquet"
    for statement in ("select * from facts -- all\n;", "select * from facts; -- all", "from facts -- all"):
        write_parquet(home, statement, target)
        assert duckdb.read_parquet(str(target)).shape == (50, 4)
    for statement in ("describe facts", "summarize facts", "explain analyze select * from facts"):
        write_parquet(home, statement, target)
        assert duckdb.read_parquet(str(target)).fetchone() is not None
    with pytest.raises(StorageError, match="nowhere"):
        write_parquet(home, "select 1 as a", tmp_path / "nowhere" / "x.parquet")
